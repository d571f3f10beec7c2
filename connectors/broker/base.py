"""The broker seam: what every broker can be asked, and what it promises.

Calls block for a bounded time and raise a `BrokerError` that says what is known afterwards. Nothing
that changes something is ever sent twice by a broker's own doing: whoever asked decides.
Streams are read from one thread; calls may come from any.
"""

from collections.abc import Sequence
from datetime import date, datetime
from types import TracebackType
from typing import Protocol, Self

from connectors.broker.values import (
    Asset,
    BrokerAccount,
    BrokerFill,
    BrokerOrder,
    BrokerPosition,
    Capabilities,
    MarketBar,
    MarketClock,
    NewOrder,
    OrderUpdate,
    Quote,
    Replacement,
    StreamState,
    TradingDay,
    TradingStatus,
)
from messages.market import Interval

MarketEvent = MarketBar | Quote | TradingStatus | StreamState


class Stream(Protocol):
    """A connection that is kept up by itself, and says when it was not."""

    def close(self) -> None:
        """Let go of it; what was not taken is lost. Returns within seconds, also while it hangs."""
        ...

    def __enter__(self) -> Self:
        """Return itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Close it."""
        ...


class OrderStream(Stream, Protocol):
    """What becomes of the account's orders.

    After each `StreamState` that is up, whoever reads it asks for orders and fills: what happened
    while nobody listened is not told again.
    """

    def take(self, timeout_s: float) -> list[OrderUpdate | StreamState]:
        """Return what came, in order; an empty list where nothing came within the time."""
        ...


class MarketStream(Stream, Protocol):
    """Bars, quotes and halts of some tickers."""

    def follow(self, bars: frozenset[str], quotes: frozenset[str] = frozenset()) -> None:
        """Have these tickers from now on, and no others; halts come for both."""
        ...

    def take(self, timeout_s: float) -> list[MarketEvent]:
        """Return what came, in order; an empty list where nothing came within the time."""
        ...


class MarketData(Protocol):
    """Where bars come from."""

    def history(
        self, tickers: Sequence[str], interval: Interval, since: datetime, until: datetime
    ) -> list[MarketBar]:
        """Return the bars that start in [since, until), by time and ticker.

        Raises:
            BrokerAway, BrokerAnswerUnusable, BrokerAccessDenied: nothing is known.
        """
        ...

    def market(self) -> MarketStream:
        """Listen from now on; nothing is followed before it is said what."""
        ...


class Broker(Protocol):
    """An account at a broker.

    Attributes:
        name: of the broker, such as `alpaca`.
        capabilities: what it can do.
    """

    name: str
    capabilities: Capabilities

    def submit(self, order: NewOrder) -> BrokerOrder:
        """Place an order, once.

        Raises:
            OrderRefused: it is not placed. OrderDuplicate: one of its id is there already.
            OutcomeUnknown: it may be placed: ask by its client id.
            BrokerAway, RateLimited, BrokerAccessDenied: it is not placed.
        """
        ...

    def cancel(self, order_id: str) -> None:
        """Ask for the end of an order; its update says whether it came to that.

        Raises:
            OrderRefused: it has ended already, or cannot be cancelled.
            NotAtBroker: there is no such order.
            OutcomeUnknown: it may have been asked for.
            BrokerAway, RateLimited, BrokerAccessDenied: it was not asked for.
        """
        ...

    def replace(self, order_id: str, changes: Replacement) -> BrokerOrder:
        """Ask for another order in the place of an open one; returns the new one.

        An answer is no promise: the old one may fill first, and the new one is REJECTED then.

        Raises:
            OrderRefused, NotAtBroker, OutcomeUnknown, BrokerAway, RateLimited,
            BrokerAccessDenied: as `submit` and `cancel`.
        """
        ...

    def order(self, order_id: str) -> BrokerOrder:
        """Return an order by the broker's id, its legs included.

        Raises:
            NotAtBroker: there is none.
            BrokerAway, BrokerAnswerUnusable, BrokerAccessDenied: nothing is known.
        """
        ...

    def order_of(self, client_order_id: str) -> BrokerOrder:
        """Return an order by our id; raises as `order`."""
        ...

    def orders(self, *, since: datetime | None = None) -> list[BrokerOrder]:
        """Return the open orders, oldest first; with `since` also what was placed after it.

        Raises:
            BrokerAway, BrokerAnswerUnusable, BrokerAccessDenied: nothing is known.
        """
        ...

    def fills(self, since: datetime) -> list[BrokerFill]:
        """Return the executions since then, oldest first; raises as `orders`."""
        ...

    def positions(self) -> list[BrokerPosition]:
        """Return what is held, by ticker; raises as `orders`."""
        ...

    def account(self) -> BrokerAccount:
        """Return the money; raises as `orders`."""
        ...

    def clock(self) -> MarketClock:
        """Return the broker's time; raises as `orders`."""
        ...

    def calendar(self, first: date, last: date) -> list[TradingDay]:
        """Return the sessions of some days, both included; raises as `orders`."""
        ...

    def asset(self, ticker: str) -> Asset:
        """Return what may be done with a ticker.

        Raises:
            NotAtBroker: the broker does not know it.
            BrokerAway, BrokerAnswerUnusable, BrokerAccessDenied: nothing is known.
        """
        ...

    def updates(self) -> OrderStream:
        """Listen from now on to what becomes of orders."""
        ...

    def close(self) -> None:
        """Let go of connections and threads."""
        ...
