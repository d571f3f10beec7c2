"""What waits for whoever listens to a simulated broker."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from threading import Condition
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

from connectors.broker.base import MarketEvent
from connectors.broker.values import MarketBar, OrderUpdate, StreamState, TradingStatus

CAPACITY: Final = 100_000  # items that wait for their reader
Told = TypeVar("Told")


class Mailbox(Generic[Told]):
    """Keeps what is told until it is taken; told from any thread, taken by one.

    A reader that is behind by more than its capacity loses what comes until it takes again: then it
    is told, after what was kept, that the stream was down, and that it is up.
    """

    def __init__(self, tick: Callable[[], datetime], capacity: int = CAPACITY) -> None:
        """Take what lets the broker's time pass and tells it; it is called before each wait."""
        self._tick, self._capacity = tick, capacity
        self._told: deque[Told | StreamState] = deque()
        self._news = Condition()
        self._closed = self._lost = False

    @property
    def closed(self) -> bool:
        """Tell whether nobody listens any more."""
        return self._closed

    def tell(self, *what: Told | StreamState) -> None:
        """Have it taken, in this order, after what was told before."""
        with self._news:
            if self._closed or self._lost:
                return
            room = self._capacity - len(self._told)
            self._told.extend(what[:room])
            self._lost = len(what) > room
            self._news.notify_all()

    def take(self, timeout_s: float) -> list[Told | StreamState]:
        """Return what was told, in order; an empty list where nothing was within the time."""
        now = self._tick()
        with self._news:
            self._news.wait_for(lambda: self._told or self._closed, timeout_s)
            told = list(self._told)
            self._told.clear()
            if self._lost:
                self._lost = False
                reason = f"its reader is more than {self._capacity} items behind"
                told += [StreamState(up=False, reason=reason, at=now), StreamState(up=True, at=now)]
        return told

    def close(self) -> None:
        """Listen no more; whoever waits returns."""
        with self._news:
            self._closed = True
            self._lost = False
            self._told.clear()
            self._news.notify_all()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Close it."""
        self.close()


class SimulatedOrderStream(Mailbox[OrderUpdate]):
    """What becomes of the account's orders."""


class SimulatedMarketStream(Mailbox[MarketEvent]):
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
