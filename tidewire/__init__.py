"""The public names for strategies and notebooks of one's own.

    from tidewire import LONG, SHORT, MarketSnapshot, SentimentContext, Strategy, Vote

Everything else in this distribution may move between versions; these names stay.
"""

from messages.trading import SentimentContext
from operators.strategies.base import LONG, SHORT, MarketSnapshot, Strategy, Vote

__all__ = ["LONG", "SHORT", "MarketSnapshot", "SentimentContext", "Strategy", "Vote"]
