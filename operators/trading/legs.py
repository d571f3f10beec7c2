"""Stops and targets that a broker holds beside entries: what the desk knows of these legs.

A leg is no order of the account before it is filled. With its first fill it becomes a decision and
an order that is at the broker already; what it closes is booked like any other exit.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from messages.broker import BrokerEvent
from messages.trading import Cause, Leg, leg_order_id
from messages.units import UNITS_PER_DOLLAR
from operators.exits import NO_LEVEL, ExitRules
from operators.trading.arithmetic import stop_level, target_level

CAUSES: Final[dict[Leg, Cause]] = {"stop": "stop", "target": "take_profit"}
CENT: Final = UNITS_PER_DOLLAR // 100
ENDS: Final = frozenset(("FILLED", "CANCELLED", "REJECTED", "EXPIRED", "REPLACED"))


class Beside(NamedTuple):
    """What an order request says of legs.

    Attributes:
        stop, target: of an entry, units; NO_LEVEL for none.
        leg_of: of a leg, the order id of its entry; leg: which one.
    """

    stop: int = NO_LEVEL
    target: int = NO_LEVEL
    leg_of: str = ""
    leg: Leg = ""


NO_LEGS: Final = Beside()


class EntryLegs(NamedTuple):
    """The legs of one entry.

    Attributes:
        entry: its order id.
        stop, target: units; NO_LEVEL for none.
        filled: shares of the entry, signed; closed: of these, by its legs, signed like them.
        works: the broker said that its stop works.
        over: the broker said that the legs have ended.
        orders: ids of the legs' orders that were written down.
    """

    entry: str
    ticker: str
    stop: int
    target: int
    filled: int
    closed: int
    works: bool
    over: bool
    orders: tuple[str, ...]

    @property
    def left(self) -> int:
        """Return the signed shares that its legs may still close."""
        return self.filled - self.closed

    def closing(self, event: BrokerEvent, held: int) -> int:
        """Return the signed shares for which a leg's order is to be written down; 0: it is not.

        Args:
            event: a fill of it; what has an order, or nothing left to close, needs none.
            held: signed shares of the position.
        """
        if event.order_id in self.orders or not self.left or (held > 0) != (self.left > 0):
            return 0
        return -min(self.left, held, key=abs)

    def price(self, leg: Leg) -> int:
        """Return the level of a leg, units."""
        return self.stop if leg == "stop" else self.target


class Legs:
    """The legs of all entries of an account."""

    def __init__(self, kept: Iterable[EntryLegs] = ()) -> None:
        """Start without any, or from a snapshot."""
        self._entries = {each.entry: each for each in kept}

    def snapshot(self) -> list[EntryLegs]:
        """Return all that is known."""
        return list(self._entries.values())

    def placed(self, entry: str, ticker: str, beside: Beside) -> None:
        """Take that an entry was ordered; one without a stop has no legs."""
        if beside.stop != NO_LEVEL:
            self._entries[entry] = EntryLegs(
                entry, ticker, beside.stop, beside.target, 0, 0, works=False, over=False, orders=()
            )

    def filled(self, entry: str, qty: int) -> None:
        """Take a fill of an order that may have legs, signed shares."""
        if (known := self._entries.get(entry)) is not None:
            self._entries[entry] = known._replace(filled=known.filled + qty)

    def of(self, event: BrokerEvent) -> EntryLegs | None:
        """Return the legs that an event is about; None where the account has none such."""
        known = self._entries.get(event.leg_of) if event.leg else None
        if known is None or leg_order_id(event.account, known.entry, event.leg) != event.order_id:
            return None
        return known

    def ordered(self, entry: str, order_id: str) -> None:
        """Take that a leg's order was written down."""
        known = self._entries[entry]
        self._entries[entry] = known._replace(orders=(*known.orders, order_id))

    def closed(self, entry: str, qty: int) -> None:
        """Take a fill of a leg that was booked, signed shares."""
        known = self._entries[entry]
        self._entries[entry] = known._replace(closed=known.closed - qty)

    def said(self, event: BrokerEvent) -> None:
        """Take whether a leg works or has ended."""
        known = self.of(event)
        if known is not None and event.status in ENDS:
            self._entries[known.entry] = known._replace(over=True)
        elif known is not None and event.leg == "stop":
            self._entries[known.entry] = known._replace(works=True)

    def are_over(self, event: BrokerEvent) -> bool:
        """Tell whether an event is about legs of which the broker said that they have ended."""
        known = self.of(event)
        return known is not None and known.over

    def protects(self, ticker: str, qty: int) -> bool:
        """Tell whether legs at the broker watch all of a position of so many signed shares."""
        if not self._entries:
            return False
        of = (each for each in self._entries.values() if each.ticker == ticker)
        return 0 < abs(qty) <= abs(sum(each.left for each in of if each.works and not each.over))

    def __contains__(self, order_id: object) -> bool:
        """Tell whether an order is a leg's."""
        return any(order_id in each.orders for each in self._entries.values())

    def forget(self, entry: str) -> None:
        """Forget the legs of an order, if it has any."""
        self._entries.pop(entry, None)

    def clear(self) -> None:
        """Forget all legs."""
        self._entries.clear()


def bracket_of(qty: int, price: int, rules: ExitRules) -> Beside:
    """Return the legs that an entry is sent with; none where no price is a stop.

    The levels are those of `protection.levels` for an average entry at the price, rounded away from
    it to what an exchange takes: a cent from a dollar on. They are a cent from the price at least.

    Args:
        qty: signed shares of the entry.
        price: at which it is decided on, units.
        rules: of exits.
    """
    sign = 1 if qty > 0 else -1
    stop = sign * min(sign * stop_level(qty, qty * price, rules), sign * price - CENT)
    stop = _tick(stop, -sign)
    if price <= 0 or stop <= 0:
        return NO_LEGS
    target = target_level(qty, qty * price, rules)
    if target != NO_LEVEL:
        target = _tick(sign * max(sign * target, sign * price + CENT), sign)
    return Beside(stop, max(NO_LEVEL, target))


def _tick(units: int, way: int) -> int:
    """Round a price up (1) or down (-1) to a whole cent; one below a dollar stays."""
    if units < UNITS_PER_DOLLAR:
        return units
    return -(-units // CENT) * CENT if way > 0 else units // CENT * CENT
