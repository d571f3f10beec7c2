"""What the market has shown so far: bars by ticker, and articles."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, time
from itertools import groupby

from connectors.broker.stand_in.market_shapes import Article
from connectors.broker.values import MarketBar
from connectors.market.calendar import NEW_YORK
from messages.market import INTERVALS, Interval


class Tape:
    """Bars of a minute and articles, in order of their times.

    Attributes:
        articles: by number; a revision takes the place of what it revises.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._bars: dict[str, list[MarketBar]] = {}
        self.articles: dict[int, Article] = {}

    @property
    def tickers(self) -> list[str]:
        """Return the tickers that have been seen."""
        return sorted(self._bars)

    def put(self, bar: MarketBar) -> None:
        """Keep a bar; one of the same start is replaced."""
        bars = self._bars.setdefault(bar.ticker, [])
        place = bisect_left(bars, bar.start, key=lambda b: b.start)
        if place < len(bars) and bars[place].start == bar.start:
            bars[place] = bar
        else:
            bars.insert(place, bar)

    def last(self, ticker: str) -> MarketBar | None:
        """Return a ticker's latest bar."""
        bars = self._bars.get(ticker)
        return bars[-1] if bars else None

    def between(
        self, tickers: Sequence[str], since: datetime, until: datetime, interval: Interval = "1m"
    ) -> list[MarketBar]:
        """Return bars that start in [since, until], by ticker and time, as Alpaca lists them."""
        found = []
        for ticker in sorted(set(tickers)):
            bars = joined(self._bars.get(ticker, []), interval)
            found += [bar for bar in bars if since <= bar.start <= until]
        return found


def joined(bars: Sequence[MarketBar], interval: Interval) -> list[MarketBar]:
    """Join bars of a minute to longer ones; a day's begins at midnight in New York.

    Args:
        bars: of one ticker, by time.
        interval: of the result.
    """
    if interval == "1m":
        return list(bars)
    groups = groupby(bars, key=lambda bar: begin_of(bar.start, interval))
    return [_joined(start, interval, list(group)) for start, group in groups]


def begin_of(start: datetime, interval: Interval) -> datetime:
    """Return the start of the longer bar that a moment belongs to."""
    if interval == "1d":
        day = start.astimezone(NEW_YORK).date()
        return datetime.combine(day, time(), NEW_YORK).astimezone(UTC)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    return start - (start - midnight) % INTERVALS[interval]


def _joined(start: datetime, interval: Interval, bars: list[MarketBar]) -> MarketBar:
    return MarketBar(
        ticker=bars[0].ticker,
        start=start,
        interval=interval,
        open=bars[0].open,
        high=max(bar.high for bar in bars),
        low=min(bar.low for bar in bars),
        close=bars[-1].close,
        volume=sum(bar.volume for bar in bars),
    )
