"""Whose word counts on whether bars come to a live run."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from api.routes.system import _silence
from api.vitals import FeedVitals
from api.watch import Growth
from connectors.market.params import MarketParams

NOON = datetime(2026, 5, 4, 16, tzinfo=UTC)  # of a Monday in New York
LONG_AGO = NOON - timedelta(minutes=20)


def said(
    feed: Any, newest: datetime | None, told: list[FeedVitals], *, live: bool = True
) -> str | None:
    run = SimpleNamespace(live=live, market_params=MarketParams(feed=feed))
    api: Any = SimpleNamespace(run=run, now=lambda: NOON)
    return _silence(api, told, [Growth("market.bars", 1, newest, None, 0)])


@pytest.mark.parametrize(
    ("feed", "newest", "item", "silent"),
    [
        ("outside", NOON, None, False),
        ("outside", LONG_AGO, None, True),
        ("alpaca", NOON, LONG_AGO, True),  # what came was history
        ("alpaca", LONG_AGO, NOON, False),
    ],
)
def test_the_feed_knows_of_live_bars_and_otherwise_the_topic(
    feed: str, newest: datetime, item: datetime | None, silent: bool
) -> None:
    told = [FeedVitals(feed="alpaca_bars", state="healthy", last_item=item)]
    found = said(feed, newest, told)
    assert (found == "no bars since 15:40 UTC: nothing can trade") == silent
    assert silent or found is None


def test_what_is_not_known_is_no_alarm() -> None:
    assert said("alpaca", LONG_AGO, []) is None
    assert said("outside", LONG_AGO, [], live=False) is None
    run = SimpleNamespace(live=True, market_params=MarketParams())
    api: Any = SimpleNamespace(run=run, now=lambda: NOON)
    assert _silence(api, [], []) is None
