"""The whole recorded month, again and again: `make soak`."""

from pathlib import Path

import pytest

from stack.servers.services import Services
from tests.harness import options, play, proofs, tables

pytestmark = [pytest.mark.soak, pytest.mark.recorded, pytest.mark.timeout(3_000)]


def test_the_whole_month_is_the_same_every_time(services: Services, recorded: Path) -> None:
    bars = recorded / "bars/minute_yahoo_2026-03.parquet"
    news = recorded / "news/yahoo_headlines_2026-02_2026-04.jsonl.gz"
    first, expected = play(services, options(bars, news), timeout=900)
    assert expected["accounted"], expected.get("first_unaccounted")
    assert expected["bars"] == 101_356
    assert expected["votes"]["news_driven"] > 0
    for shards in (1, 4):
        again, summary = play(services, options(bars, news, shards=shards), timeout=900)
        assert summary["accounted"], summary.get("first_unaccounted")
        assert (summary["digest"], summary["equity"]) == (expected["digest"], expected["equity"])
        one, other = tables(first), tables(again)
        one.pop("runs"), other.pop("runs")
        assert one == other
        assert proofs(again) == proofs(first)
    without, summary = play(services, options(bars, news, no_news=True), timeout=900)
    assert summary["accounted"], summary.get("first_unaccounted")
    orders = [{row[0] for row in tables(run)["orders"]} for run in (first, without)]
    assert orders[0] != orders[1]
