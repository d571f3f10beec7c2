"""A strategy that buys on every bar, for measuring how long that takes."""

from tidewire import LONG, MarketSnapshot, SentimentContext, Strategy, Vote


class AlwaysLong(Strategy):
    """Votes to buy, whatever happens."""

    name = "always_long"
    window = 1

    def evaluate(
        self, ticker: str, market: MarketSnapshot, sentiment: SentimentContext | None
    ) -> Vote | None:
        """Vote."""
        return LONG(1.0)
