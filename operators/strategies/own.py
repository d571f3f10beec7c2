"""The name by which strategies written for earlier versions import theirs; new ones: `tidewire`."""

from operators.strategies.base import LONG, SHORT, MarketSnapshot, Strategy, Vote

__all__ = ["LONG", "SHORT", "MarketSnapshot", "Strategy", "Vote"]
