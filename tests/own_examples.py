"""Strategies of one's own, for tests."""

from messages.trading import SentimentContext
from operators.strategies.base import LONG, SHORT, MarketSnapshot, Strategy, Vote


class Breakout(Strategy):
    """Buys above the highs of the last bars, sells below their lows."""

    name = "breakout"
    window = 10
    description = "a new high or low of ten bars"

    def evaluate(
        self, ticker: str, market: MarketSnapshot, sentiment: SentimentContext | None
    ) -> Vote | None:
        high, low = market.highest(10), market.lowest(10)
        if high is None or low is None or high == low:
            return None
        if market.price >= high:
            return LONG(0.9)
        return SHORT(0.6) if market.price <= low else None


class WithTheNews(Strategy):
    """Goes with the news where prices do."""

    name = "with_the_news"
    window = 3
    reads_news = True

    def evaluate(
        self, ticker: str, market: MarketSnapshot, sentiment: SentimentContext | None
    ) -> Vote | None:
        change = market.change(2)
        if sentiment is None or change is None or change == 0 or abs(sentiment.mean) < 0.1:
            return None
        if (change > 0) != (sentiment.mean > 0):
            return None
        return LONG(abs(sentiment.mean)) if change > 0 else SHORT(abs(sentiment.mean))


class Raises(Strategy):
    name = "raises"

    def evaluate(
        self, ticker: str, market: MarketSnapshot, sentiment: SentimentContext | None
    ) -> Vote | None:
        return LONG(1 / (market.bars - 1))


class TooLoud(Strategy):
    name = "too_loud"

    def evaluate(
        self, ticker: str, market: MarketSnapshot, sentiment: SentimentContext | None
    ) -> Vote | None:
        return LONG(7)


class BadName(Breakout):
    name = "Bad Name"


class Taken(Breakout):
    name = "momentum"


class TooWide(Breakout):
    name = "too_wide"
    window = 5_000


class NeedsArguments(Breakout):
    name = "needs_arguments"

    def __init__(self, more: int) -> None:
        self.more = more


class NoStrategy:
    pass
