"""Two recorded days through the whole system: the same every time, at any shard count."""

from pathlib import Path
from typing import Any

import pytest

from stack.services import Services
from tests.harness import options, play, proofs, tables

pytestmark = [
    pytest.mark.recorded,
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.timeout(400),
]


def test_everything_is_accounted_for(one_shard: tuple[Any, dict[str, Any]]) -> None:
    _, summary = one_shard
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["broker"].startswith("Apache Kafka 4")
    assert summary["bars"] == 17_158
    assert summary["votes"]["news_driven"] > 0
    assert summary["orders"] > 50
    assert summary["outcomes"] > 20


def test_four_shards_give_the_same_run(
    services: Services, two_days: tuple[Path, Path], one_shard: tuple[Any, dict[str, Any]]
) -> None:
    first, expected = one_shard
    second, summary = play(services, options(*two_days, shards=4))
    assert summary["accounted"], summary.get("first_unaccounted")
    assert (summary["digest"], summary["equity"]) == (expected["digest"], expected["equity"])
    one, four = tables(first), tables(second)
    one.pop("runs"), four.pop("runs")  # they differ in the partition count
    assert four == one
    assert proofs(second) == proofs(first)


def test_without_news_other_orders_are_placed(
    services: Services, two_days: tuple[Path, Path], one_shard: tuple[Any, dict[str, Any]]
) -> None:
    with_news, _ = one_shard
    without, summary = play(services, options(*two_days, no_news=True))
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["votes"].get("news_driven", 0) == 0
    ids = [{row[0] for row in tables(run)["orders"]} for run in (with_news, without)]
    assert ids[0] != ids[1]
