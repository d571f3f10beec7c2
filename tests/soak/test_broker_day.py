"""A whole recorded day at the stand-in, sixty times as fast, traded past its close."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.soak.broker_day import MINUTE, Played, cut, trade

pytestmark = [pytest.mark.soak, pytest.mark.recorded, pytest.mark.timeout(3_600)]
OPEN = datetime(2026, 3, 25, 13, 30, tzinfo=UTC)
CLOSE = datetime(2026, 3, 25, 20, 0, tzinfo=UTC)
KILLS = (
    (OPEN + 70 * MINUTE, "execute"), (OPEN + 200 * MINUTE, "trade"),
    (OPEN + 300 * MINUTE, "market"),
)  # fmt: skip


def test_a_recorded_day_at_a_broker_is_accounted_for_and_proved(
    tmp_path: Path, recorded: Path
) -> None:
    bars = recorded / "bars/minute_yahoo_2026-03.parquet"
    played = cut(bars, OPEN, CLOSE, OPEN - timedelta(days=2, hours=10), tmp_path / "bars.parquet")
    news = recorded / "news/yahoo_headlines_2026-02_2026-04.jsonl.gz"
    told = trade(tmp_path / "home", Played(played, news, 2, OPEN, CLOSE, 60.0), KILLS)
    sys.stdout.write(f"{told}\n")
    assert told.fills >= 20
    assert told.doubles == 0
