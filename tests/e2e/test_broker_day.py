"""The half hour around a close at the stand-in, thirty times as fast, two flows killed on the way.

The whole live stack with Alpaca's own client over real sockets; `make soak-broker` trades a whole
recorded day.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.market.simulated import record_days
from tests.soak.broker_day import MINUTE, Played, cut, trade

pytestmark = [
    pytest.mark.first, pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(900),
]  # fmt: skip
FIRST = datetime(2025, 3, 12, tzinfo=UTC)
BEGIN = datetime(2025, 3, 14, 19, 45, tzinfo=UTC)
CLOSE = datetime(2025, 3, 14, 20, 0, tzinfo=UTC)


def test_a_close_at_a_broker_is_accounted_for_and_proved(tmp_path: Path) -> None:
    bars, news = record_days(tmp_path / "inputs", 7, 3)
    played = Played(cut(bars, BEGIN, CLOSE, FIRST, tmp_path / "bars.parquet"), news, 2, BEGIN,
                    CLOSE, 30.0)  # fmt: skip
    kills = ((BEGIN + 5 * MINUTE, "execute"), (BEGIN + 9 * MINUTE, "trade"))
    told = trade(tmp_path / "home", played, kills)
    assert told.orders >= 3
    assert told.fills >= 3
    assert told.doubles == 0
