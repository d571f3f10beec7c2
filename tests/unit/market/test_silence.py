"""When it is said that no bars come."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.market.params import MarketParams
from connectors.market.silence import silence

OUTSIDE, ALPACA = MarketParams(), MarketParams(feed="alpaca")
OPEN = datetime(2026, 3, 19, 13, 30, tzinfo=UTC)  # a Thursday
YESTERDAY = datetime(2026, 3, 18, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minute", "newest", "said"),
    [
        (60, OPEN + timedelta(minutes=59), None),
        (60, OPEN + timedelta(minutes=55), None),
        (60, OPEN + timedelta(minutes=54), "no bars since 14:24 UTC: nothing can trade"),
        (3, YESTERDAY, None),
        (6, YESTERDAY, "no bars since 2026-03-18 20:00 UTC: nothing can trade"),
        (-60, YESTERDAY, None),
        (500, OPEN, None),
        (5, None, None),
        (6, None, "no bars yet: nothing can trade; see `tidewire feeds`"),
        (-60, None, None),
    ],
)
def test_a_feed_that_stands_still(minute: int, newest: datetime | None, said: str | None) -> None:
    found = silence(newest, OPEN + timedelta(minutes=minute), ALPACA)
    assert (found is None) == (said is None)
    assert (found or "").startswith(said or "")


@pytest.mark.parametrize("minute", [-600, 1, 60])
def test_where_there_is_no_source_it_is_said_at_any_time(minute: int) -> None:
    found = silence(None, OPEN + timedelta(minutes=minute), OUTSIDE)
    assert found is not None
    assert found.startswith("no bars yet: nothing can trade; set TIDEWIRE_MARKET__FEED=alpaca")
    assert silence(OPEN, OPEN - timedelta(hours=1), OUTSIDE) is None
