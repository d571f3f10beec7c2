"""The demo's own day: the whole system does exactly what the closed loop does."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from messages.trading import Decision, OrderRequest, TradeExecution, TradeSignal
from stack.runtime.demo import SEED, Demo
from tests.golden.test_golden import run_day, scored_day

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]


def test_paper_trading_equals_the_closed_loop(
    two_shards: tuple[Demo, dict[str, Any]], tmp_path: Path
) -> None:
    _, summary = two_shards
    assert summary["accounted"], summary.get("first_unaccounted")
    events = run_day(scored_day(tmp_path, SEED), 1_000)
    kinds = (TradeSignal, Decision, OrderRequest, TradeExecution)
    bodies: list[Any] = [e.body for e in events if isinstance(e.body, kinds)]
    digest = hashlib.sha256("\n".join(sorted(b.id for b in bodies)).encode()).hexdigest()
    assert summary["digest"] == digest
    assert summary["resting"] == []
    assert summary["rows"]["strategies"] == 3
