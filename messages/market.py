"""Market facts: one bar of one ticker, and a halt of its trading."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from msgspec import Meta

from messages.base import Count, Message, Price, SmallCount, Ticker
from messages.units import has_price_precision

Interval = Literal["1m", "5m", "1h", "1d"]
INTERVALS: Final[dict[str, timedelta]] = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}


class Bar(Message, frozen=True, kw_only=True, gc=False):
    """Open, high, low, close and volume of one ticker over one interval.

    Attributes:
        start: beginning of the interval, UTC; a bar is known at its END.
        volume: shares traded, whole.
        revision: 0 for the first version; operators use the first, storage keeps them all.
        backfilled: fetched after the fact; warms operators up, never opens a position.
        event_time: end of the interval, UTC.
    """

    ticker: Ticker
    start: datetime
    interval: Interval
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Count
    source: Annotated[str, Meta(min_length=1, max_length=64)]
    revision: SmallCount = 0
    backfilled: bool = False

    def problem(self) -> str | None:
        """Return HIGH_BELOW_LOW, OUTSIDE_RANGE, PRECISION, WRONG_END or None."""
        if self.high < self.low:
            return "HIGH_BELOW_LOW"
        if not (self.low <= self.open <= self.high and self.low <= self.close <= self.high):
            return "OUTSIDE_RANGE"
        if not all(map(has_price_precision, (self.open, self.high, self.low, self.close))):
            return "PRECISION"
        if self.interval != "1d" and self.event_time != self.start + INTERVALS[self.interval]:
            return "WRONG_END"
        return None


class TradingHalt(Message, frozen=True, kw_only=True, gc=False):
    """A ticker that is halted at its exchange, or trades again.

    Attributes:
        halted: False: it trades again.
        code, reason: the exchange's words.
        event_time: when the exchange said so, UTC.
    """

    ticker: Ticker
    halted: bool
    code: Annotated[str, Meta(max_length=64)] = ""
    reason: Annotated[str, Meta(max_length=2_000)] = ""
    source: Annotated[str, Meta(min_length=1, max_length=64)]


def bar_id(ticker: str, start: datetime, interval: str, revision: int = 0) -> str:
    """Name a bar by its ticker, start and interval; readable, and the same everywhere."""
    return f"bar-{ticker}@{start:%Y-%m-%dT%H:%M:%SZ}/{interval}#{revision}"
