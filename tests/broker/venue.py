"""What a test of a broker needs beside the broker: a market that it can move, and patience."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Final, Protocol, TypeVar

from connectors.broker.base import Broker, OrderStream
from connectors.broker.values import (
    BrokerOrder,
    NewOrder,
    OrderType,
    OrderUpdate,
    StreamState,
    TimeInForce,
    UpdateKind,
)
from messages.base import Side
from tests.waiting import eventually

TICKER: Final = "AAPL"
OTHER: Final = "MSFT"
UNLISTED: Final = "ZZZZ"
DOLLAR: Final = 10_000
HUNDRED: Final = 100 * DOLLAR
CASH: Final = 100_000 * DOLLAR
MINUTE: Final = timedelta(minutes=1)
SOON_S: Final = 0.05

T = TypeVar("T")


class Venue(Protocol):
    """A market of TICKER and OTHER, in the middle of a session, and a broker at it.

    The account begins with CASH and nothing else, and may spend just that. Both tickers have traded
    at HUNDRED. Nothing slips and nothing costs anything; a bar fills at most a tenth of its volume.

    Attributes:
        broker: under test.
        now: the time at the market.
        closes: of the session.
    """

    broker: Broker

    @property
    def now(self) -> datetime: ...

    @property
    def closes(self) -> datetime: ...

    def bar(
        self, opening: int, high: int, low: int, close: int, volume: int = 1_000_000,
        ticker: str = TICKER,
    ) -> None:  # fmt: skip
        """Have the minute that begins now, units; it is over then."""
        ...

    def halt(self, ticker: str) -> None: ...

    def resume(self, ticker: str) -> None: ...

    def at(self, moment: datetime) -> None:
        """Let time pass up to a moment, without a bar."""
        ...


class Trader:
    """Whoever trades at a venue: asks its broker and listens."""

    def __init__(self, venue: Venue) -> None:
        self.venue, self.broker = venue, venue.broker
        self.began = venue.now
        self._numbers = count(1)
        self.stream: OrderStream = self.broker.updates()
        self.heard: list[OrderUpdate | StreamState] = []
        self.until(lambda: self.heard)

    def until(self, answer: Callable[[], T]) -> T:
        """Listen until an answer is true."""

        def asked() -> T:
            self.heard += self.stream.take(SOON_S)
            return answer()

        return eventually(asked, what=lambda: self.heard[-5:])

    @property
    def updates(self) -> list[OrderUpdate]:
        return [told for told in self.heard if isinstance(told, OrderUpdate)]

    def told(self, kind: UpdateKind, order: BrokerOrder, times: int = 1) -> OrderUpdate:
        """Wait until so many updates of a kind have come for an order; returns the last."""

        def found() -> list[OrderUpdate]:
            return [u for u in self.updates if u.kind == kind and u.order.id == order.id]

        self.until(lambda: len(found()) >= times)
        return found()[-1]

    def silent(self, order: BrokerOrder) -> bool:
        """Tell whether an order is open with nothing filled, after what was under way came."""
        marker = self.place("BUY", 1, "LIMIT", ticker=OTHER, limit=DOLLAR)
        self.told("ACCEPTED", marker)
        now = self.broker.order(order.id)
        return now.filled == 0 and not now.ended

    def place(
        self, side: Side, qty: int, kind: OrderType = "MARKET", force: TimeInForce = "DAY", *,
        ticker: str = TICKER, limit: int | None = None, stop: int | None = None,
        name: str = "",
    ) -> BrokerOrder:  # fmt: skip
        """Place an order under a new name."""
        order = NewOrder(
            client_order_id=name or self.name(), ticker=ticker, side=side, qty=qty, type=kind,
            time_in_force=force, limit=limit, stop=stop,
        )  # fmt: skip
        return self.broker.submit(order)

    def name(self) -> str:
        """Return a client id that was not used before."""
        return f"order-{next(self._numbers)}"

    def filled(self, side: Side, qty: int, price: int = HUNDRED) -> BrokerOrder:
        """Have a market order filled, at a price that stands."""
        order = self.place(side, qty)
        self.told("ACCEPTED", order)
        self.venue.bar(price, price, price, price)
        self.told("FILLED", order)
        return self.broker.order(order.id)

    def open_ids(self) -> set[str]:
        """Return the ids of the open orders, legs included."""
        return {order.id for order in flat(self.broker.orders()) if not order.ended}

    def held(self, ticker: str = TICKER) -> int:
        """Return the signed shares of a position."""
        return sum(int(p.qty) for p in self.broker.positions() if p.ticker == ticker)


def flat(orders: Iterable[BrokerOrder]) -> list[BrokerOrder]:
    """Return orders and their legs, each once."""
    found: dict[str, BrokerOrder] = {}
    for order in orders:
        for one in (order, *order.legs):
            found.setdefault(one.id, one)
    return list(found.values())


def unlike(broker_id: str) -> str:
    """Return an id of the same form that no order has."""
    return broker_id[:-1] + ("1" if broker_id[-1] == "0" else "0")
