"""What a broker is asked and what it answers, in Tidewire's words and in exact numbers.

Prices and money are units of 1/10,000 dollar. A price that a broker rounds otherwise (an average)
is a Decimal in dollars. Times are UTC.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from messages.base import Side
from messages.market import Interval
from messages.trading import OrderStatus

OrderType = Literal["MARKET", "LIMIT", "STOP", "STOP_LIMIT"]
TimeInForce = Literal["DAY", "GTC", "IOC"]
# What happened to an order; the status that it has after it may be a later one.
UpdateKind = Literal[
    "ACCEPTED", "PARTIALLY_FILLED", "FILLED", "CANCELLED", "REJECTED", "EXPIRED", "REPLACED",
    "CANCEL_REFUSED", "REPLACE_REFUSED", "CORRECTED", "BUSTED", "OTHER",
]  # fmt: skip
FINAL: frozenset[OrderStatus] = frozenset(
    ("FILLED", "CANCELLED", "REJECTED", "EXPIRED", "REPLACED")
)


class Bracket(Struct, frozen=True, kw_only=True):
    """Legs that the broker holds beside an entry; each cancels the other.

    Attributes:
        stop: price that stops the position out, units.
        target: price that takes its profit, units; None for no such leg.
    """

    stop: int
    target: int | None = None


class NewOrder(Struct, frozen=True, kw_only=True):
    """An order to be placed.

    Attributes:
        client_order_id: ours, 1 to 48 characters; the broker takes each once.
        qty: whole shares, more than 0.
        limit, stop: units; None where the type has none.
        extended_hours: it may fill outside the regular session: LIMIT and DAY only.
        bracket: legs for a stop and a target; None for none.
    """

    client_order_id: str
    ticker: str
    side: Side
    qty: int
    type: OrderType = "MARKET"
    time_in_force: TimeInForce = "DAY"
    limit: int | None = None
    stop: int | None = None
    extended_hours: bool = False
    bracket: Bracket | None = None


class Replacement(Struct, frozen=True, kw_only=True):
    """What an open order becomes; None leaves a field as it is.

    Attributes:
        client_order_id: of the order that takes the old one's place.
        qty: whole shares of the new order, which begins unfilled; None: what is open of the old.
    """

    client_order_id: str
    qty: int | None = None
    limit: int | None = None
    stop: int | None = None


class BrokerOrder(Struct, frozen=True, kw_only=True):
    """An order as the broker says it is.

    Attributes:
        id: the broker's.
        client_order_id: ours; the broker's own where somebody else placed it.
        qty, filled: whole shares. A fractional order's are rounded towards nothing, and
            `fractional` is set.
        average: price of what is filled, dollars as the broker rounds it; None without a fill.
        status: in our words; UNKNOWN where the broker's word is new to us.
        word: the broker's own.
        reason: why it was rejected, as far as the broker says.
        replaces, replaced_by: ids of the broker's; empty for none.
        legs: orders that it holds.
    """

    id: str
    client_order_id: str
    ticker: str
    side: Side
    qty: int
    filled: int = 0
    average: Decimal | None = None
    type: OrderType = "MARKET"
    time_in_force: str = "DAY"
    limit: int | None = None
    stop: int | None = None
    status: OrderStatus
    word: str
    reason: str = ""
    submitted_at: datetime | None = None
    updated_at: datetime | None = None
    replaces: str = ""
    replaced_by: str = ""
    legs: tuple["BrokerOrder", ...] = ()
    fractional: bool = False

    @property
    def ended(self) -> bool:
        """Tell whether nothing more can come of it."""
        return self.status in FINAL


class BrokerFill(Struct, frozen=True, kw_only=True):
    """One execution of an order: so many shares at a price.

    Attributes:
        execution_id: the broker's; told again, it is the same fill.
        qty: shares, more than 0.
        price: of each, units, more than 0.
        at: when it happened, by the broker's clock.
    """

    execution_id: str
    order_id: str
    ticker: str
    side: Side
    qty: int
    price: int
    at: datetime


class OrderUpdate(Struct, frozen=True, kw_only=True):
    """What the stream says of an order; repeats and disorder are possible.

    Attributes:
        kind: what happened; OTHER where the broker's word is new to us.
        order: as it is after it.
        fill: of a FILLED or PARTIALLY_FILLED.
        corrects: of a CORRECTED or BUSTED, the execution that was not as it was told.
        word: the broker's own.
    """

    kind: UpdateKind
    order: BrokerOrder
    at: datetime
    word: str
    fill: BrokerFill | None = None
    corrects: str = ""


class BrokerPosition(Struct, frozen=True, kw_only=True):
    """A position as the broker says it is.

    Attributes:
        qty: signed; a Decimal, as a position that somebody else opened may be a fraction.
        average: entry, dollars as the broker rounds it.
        price: of the last trade, units; None where it is not known.
    """

    ticker: str
    qty: Decimal
    average: Decimal
    price: int | None = None


class BrokerAccount(Struct, frozen=True, kw_only=True):
    """Money, as the broker says it is; units.

    Attributes:
        id: the broker's name of the account.
        blocked: why nothing may be traded; empty where it may.
        shorting: positions may be short.
    """

    id: str
    currency: str
    cash: int
    equity: int
    buying_power: int
    blocked: str = ""
    shorting: bool = False


class MarketClock(Struct, frozen=True, kw_only=True):
    """The broker's clock.

    Attributes:
        opens, closes: when the market opens next, and when it closes next.
    """

    at: datetime
    is_open: bool
    opens: datetime
    closes: datetime


class TradingDay(Struct, frozen=True, kw_only=True):
    """One session of the broker's calendar: its regular hours, UTC."""

    day: date
    opens: datetime
    closes: datetime


class Asset(Struct, frozen=True, kw_only=True):
    """What the broker says may be done with a ticker."""

    ticker: str
    name: str = ""
    exchange: str = ""
    tradable: bool
    shortable: bool = False
    fractionable: bool = False


class MarketBar(Struct, frozen=True, kw_only=True):
    """A bar as it came: its numbers are not judged yet.

    Attributes:
        start: of its interval.
        revised: it takes the place of one that was told before.
    """

    ticker: str
    start: datetime
    interval: Interval
    open: float
    high: float
    low: float
    close: float
    volume: float
    revised: bool = False


class Quote(Struct, frozen=True, kw_only=True):
    """The best bid and ask; units, 0 where there is none."""

    ticker: str
    bid: int
    ask: int
    at: datetime


class TradingStatus(Struct, frozen=True, kw_only=True):
    """A ticker that is halted, or trades again.

    Attributes:
        code, reason: the exchange's.
    """

    ticker: str
    halted: bool
    code: str
    reason: str
    at: datetime


class StreamState(Struct, frozen=True, kw_only=True):
    """A stream that came up or went down; what came while it was down is not told again.

    Attributes:
        reason: why it is down; empty while it is up.
        at: by the wall clock.
    """

    up: bool
    reason: str = ""
    at: datetime


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a broker can do.

    Attributes:
        types, times_in_force: of orders.
        brackets: it holds legs; replaces: an open order may be changed.
        short: positions may be short; extended_hours: orders may fill outside the session.
        per_minute: requests that it takes; 0 for any number.
    """

    types: frozenset[OrderType]
    times_in_force: frozenset[TimeInForce]
    brackets: bool = False
    replaces: bool = False
    short: bool = False
    extended_hours: bool = False
    per_minute: int = 0
