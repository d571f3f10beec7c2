"""What waits for whoever listens to a simulated broker."""

import threading
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

from connectors.broker.base import MarketEvent
from connectors.broker.mailbox import Mailbox
from connectors.broker.values import MarketBar, OrderUpdate, StreamState, TradingStatus

CAPACITY: Final = 100_000  # items that wait for their reader
Told = TypeVar("Told")


class SimulatedStream(Generic[Told]):
    """What is told until it is taken; told by one thread at a time, taken by one.

    A reader that is behind by more than its capacity loses what comes until it takes again: then it
    is told, after what was kept, that the stream was down, and that it is up.
    """

    def __init__(self, tick: Callable[[], datetime], capacity: int = CAPACITY) -> None:
        """Take what lets the broker's time pass and tells it; it is called before each wait."""
        self._tick, self._capacity = tick, capacity
        self._mailbox: Mailbox[Told | StreamState] = Mailbox(capacity)
        self._lost = threading.Event()

    @property
    def closed(self) -> bool:
        """Tell whether nobody listens any more."""
        return self._mailbox.closed

    def tell(self, *what: Told | StreamState) -> None:
        """Have it taken, in this order, after what was told before."""
        for item in what:
            if self._lost.is_set():
                return
            if not self._mailbox.put(item):
                self._lost.set()

    def take(self, timeout_s: float) -> list[Told | StreamState]:
        """Return what was told, in order; an empty list where nothing was within the time."""
        now = self._tick()
        told = self._mailbox.take(timeout_s)
        if self._lost.is_set():
            reason = f"its reader is more than {self._capacity} items behind"
            told += [StreamState(up=False, reason=reason, at=now), StreamState(up=True, at=now)]
            self._lost.clear()
        return told

    def close(self) -> None:
        """Listen no more; whoever waits returns."""
        self._mailbox.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Close it."""
        self.close()


class SimulatedOrderStream(SimulatedStream[OrderUpdate]):
    """What becomes of the account's orders."""


class SimulatedMarketStream(SimulatedStream[MarketEvent]):
    """Bars and halts of the tickers that are followed; there are no quotes."""

    def __init__(self, tick: Callable[[], datetime], capacity: int = CAPACITY) -> None:
        """Follow nothing yet."""
        super().__init__(tick, capacity)
        self._bars: frozenset[str] = frozenset()
        self._quotes: frozenset[str] = frozenset()

    def follow(self, bars: frozenset[str], quotes: frozenset[str] = frozenset()) -> None:
        """Have these tickers from now on, and no others; halts come for both."""
        self._bars, self._quotes = bars, quotes

    def happened(self, event: MarketBar | TradingStatus) -> None:
        """Tell a bar or a halt, if its ticker is followed."""
        wanted = self._bars if isinstance(event, MarketBar) else self._bars | self._quotes
        if event.ticker in wanted:
            self.tell(event)
