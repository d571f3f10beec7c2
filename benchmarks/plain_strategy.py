"""A plain Python strategy, as a user writes one: what it costs per bar."""

from messages.trading import SentimentContext
from operators.strategies.base import LONG, SHORT, MarketSnapshot, Strategy, Vote


class CrossOfMeans(Strategy):
    """Two moving averages and a volume filter, the textbook's first strategy."""

    name = "cross_of_means"
    window = 50

    def evaluate(
        self, ticker: str, market: MarketSnapshot, sentiment: SentimentContext | None
    ) -> Vote | None:
        """Vote where the fast mean leads the slow one by half a per cent."""
        slow = market.mean(50)
        if slow is None:
            return None
        lead = (market.mean(10) or slow) / slow - 1
        if abs(lead) < 0.005:
            return None
        return LONG(min(1.0, lead * 100)) if lead > 0 else SHORT(min(1.0, -lead * 100))
