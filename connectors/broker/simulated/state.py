"""What a simulated exchange knows: all of it is in these values, so it can be kept and resumed.

Prices and money are units of 1/10,000 dollar, times microseconds since 1970-01-01 UTC.
"""

from decimal import Decimal
from typing import Literal

from msgspec import Struct, field, structs

from connectors.broker.values import BrokerFill, BrokerOrder, OrderType, TimeInForce
from messages.base import Side
from messages.trading import OrderStatus
from messages.units import to_datetime
from operators.trading.sessions import NEVER

WORDS: dict[OrderStatus, str] = {
    "ACCEPTED": "new", "PARTIALLY_FILLED": "partially_filled", "FILLED": "filled",
    "CANCELLED": "canceled", "REJECTED": "rejected", "EXPIRED": "expired", "REPLACED": "replaced",
}  # fmt: skip
HELD = "held"
SMALLEST = Decimal("0.000001")  # what averages are rounded to, dollars


class Working(Struct, frozen=True, kw_only=True):
    """An order at the exchange, open or ended.

    Attributes:
        value: of all fills, units; fills: how many there were.
        submitted: when it was placed; works: since when bars may meet it.
        expires: close of the session to which a DAY order is good; NEVER for others.
        enters: it opens or adds to a position.
        reserve: units of buying power for each open share; 0 where it enters nothing, or where no
            price was known when it was placed.
        triggered: its stop was met: it goes on as a market order, or as a limit order.
        role: of a bracket's leg; empty for other orders.
        held: a leg that waits for its entry.
        parent: id of the entry, of a leg; legs: ids of the legs, of an entry: stop, then target.
    """

    id: str
    client_order_id: str
    ticker: str
    side: Side
    qty: int
    type: OrderType
    time_in_force: TimeInForce
    limit: int | None = None
    stop: int | None = None
    extended_hours: bool = False
    filled: int = 0
    value: int = 0
    fills: int = 0
    status: OrderStatus = "ACCEPTED"
    reason: str = ""
    submitted: int
    works: int
    updated: int
    expires: int = NEVER
    enters: bool = False
    reserve: int = 0
    triggered: bool = False
    role: Literal["", "stop", "target"] = ""
    held: bool = False
    parent: str = ""
    legs: tuple[str, ...] = ()
    replaces: str = ""
    replaced_by: str = ""

    @property
    def sign(self) -> int:
        """Return 1 for an order that buys, -1 for one that sells."""
        return 1 if self.side == "BUY" else -1

    @property
    def open(self) -> int:
        """Return how many shares can still be filled; 0 when it has ended."""
        return self.qty - self.filled if self.status in ("ACCEPTED", "PARTIALLY_FILLED") else 0

    @property
    def placed_alone(self) -> bool:
        """Tell whether it was asked for by itself, not with its entry, or left its entry."""
        return not self.role or self.replaces != "" or self.status == "REPLACED"

    @property
    def word(self) -> str:
        """Return the broker's word for its status."""
        return HELD if self.held and self.status == "ACCEPTED" else WORDS[self.status]

    def shown(self, legs: tuple[BrokerOrder, ...] = ()) -> BrokerOrder:
        """Return it as the broker tells it."""
        return BrokerOrder(
            id=self.id, client_order_id=self.client_order_id, ticker=self.ticker, side=self.side,
            qty=self.qty, filled=self.filled,
            average=rounded(self.value, self.filled) if self.filled else None,
            type=self.type, time_in_force=self.time_in_force, limit=self.limit, stop=self.stop,
            status=self.status, word=self.word, reason=self.reason,
            submitted_at=to_datetime(self.submitted), updated_at=to_datetime(self.updated),
            replaces=self.replaces, replaced_by=self.replaced_by, legs=legs,
        )  # fmt: skip

    def after(self, qty: int, price: int, at: int) -> "Working":
        """Return it after a fill of so many shares."""
        filled = self.filled + qty
        return structs.replace(
            self, filled=filled, value=self.value + qty * price, fills=self.fills + 1, updated=at,
            status="FILLED" if filled == self.qty else "PARTIALLY_FILLED",
        )  # fmt: skip


class Booked(Struct, frozen=True, kw_only=True):
    """A fill and what it cost beyond its price, units."""

    fill: BrokerFill
    commission: int


class Holding(Struct, frozen=True, kw_only=True):
    """A position: signed shares, and what they were bought (sold) for, units."""

    qty: int = 0
    cost: int = 0


class LastTrade(Struct, frozen=True, kw_only=True):
    """A ticker's last price, units, and the end of the bar that had it."""

    price: int
    known: int


class Halt(Struct, frozen=True, kw_only=True):
    """A ticker that is halted since some time."""

    at: int
    code: str = ""
    reason: str = ""


class ExchangeState(Struct, frozen=True, kw_only=True):
    """A simulated exchange at one moment; `SimulatedExchange` goes on from it.

    Attributes:
        at: latest time it was told.
        orders: all of them, in the order they were placed.
        last: by ticker; halts: of the tickers that are halted; resumed: when tickers that were
            halted began to trade again.
    """

    at: int
    cash: int
    orders: list[Working]
    booked: list[Booked]
    holdings: dict[str, Holding]
    last: dict[str, LastTrade]
    halts: dict[str, Halt] = field(default_factory=dict)
    resumed: dict[str, int] = field(default_factory=dict)


def rounded(value: int, shares: int) -> Decimal:
    """Return a price in dollars, rounded to a millionth; shares are not 0.

    >>> rounded(3_000_001, 3)
    Decimal('100.000033')
    """
    return (Decimal(value).scaleb(-4) / shares).quantize(SMALLEST)
