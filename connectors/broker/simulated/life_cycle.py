"""From an order's acceptance to its end: what follows for a bracket, and what is told of it."""

from typing import Final

from msgspec import structs

from connectors.broker.simulated.book import Book
from connectors.broker.simulated.state import Working
from connectors.broker.values import BrokerFill, OrderUpdate, UpdateKind
from messages.trading import OrderStatus
from messages.units import to_datetime

EVENTS: Final[dict[UpdateKind, str]] = {
    "ACCEPTED": "new", "PARTIALLY_FILLED": "partial_fill", "FILLED": "fill",
    "CANCELLED": "canceled", "REJECTED": "rejected", "EXPIRED": "expired", "REPLACED": "replaced",
}  # fmt: skip
ENDS: Final[dict[OrderStatus, UpdateKind]] = {
    "CANCELLED": "CANCELLED", "REJECTED": "REJECTED", "EXPIRED": "EXPIRED",
}  # fmt: skip


class LifeCycle:
    """Changes orders in the book and keeps what is to be told, in order.

    A bracket's legs are held until their entry is filled, or has ended with something filled; they
    are as large as what was filled. What one fills, the other one loses; when one ends, so does
    the other.
    """

    def __init__(self, book: Book) -> None:
        """Take the book."""
        self._book = book
        self._told: list[OrderUpdate] = []

    def taken(self) -> list[OrderUpdate]:
        """Return what happened since the last call."""
        told, self._told = self._told, []
        return told

    def placed(self, order: Working, legs: list[Working] | None = None) -> None:
        """Accept an order, and hold its legs."""
        for one in (order, *(legs or ())):
            self._book.put(one)
        self._tell("ACCEPTED", order)

    def triggered(self, order: Working) -> Working:
        """Note that an order's stop was met; returns it as it is then."""
        return self._put(structs.replace(order, triggered=True))

    def filled(self, order: Working, fill: BrokerFill, at: int, known: int) -> None:
        """Book a fill of an order.

        Args:
            order: open.
            fill: of it.
            at: now.
            known: end of the bar that filled it; a bracket's legs meet what follows.
        """
        now = self._put(order.after(fill.qty, fill.price, at))
        self._tell("PARTIALLY_FILLED" if now.open else "FILLED", now, fill)
        if now.role:
            self._size_other(now, at)
        if not now.open:
            self._release(now, at, known)

    def ended(self, order: Working, status: OrderStatus, at: int, reason: str = "") -> None:
        """End an open order that is not filled."""
        now = self._put(structs.replace(order, status=status, updated=at, reason=reason))
        self._tell(ENDS[status], now)
        if now.role and status == "CANCELLED":
            for other in self._others(now):
                self._cancelled(other, at)
        if now.filled:
            self._release(now, at, at)
        for leg in self._book.legs(now):
            if not now.filled and leg.open:
                self._cancelled(leg, at)

    def replaced(self, old: Working, new: Working, at: int) -> None:
        """Put an order in the place of another one, in its bracket too."""
        gone = structs.replace(old, status="REPLACED", replaced_by=new.id, updated=at)
        self._tell("REPLACED", self._put(gone))
        self._put(new)
        if new.parent:
            parent = self._book[new.parent]
            legs = tuple(new.id if leg == old.id else leg for leg in parent.legs)
            self._put(structs.replace(parent, legs=legs))
        for leg in self._book.legs(new):
            self._put(structs.replace(leg, parent=new.id, qty=new.qty))
        self._tell("ACCEPTED", self._book[new.id])

    def _release(self, parent: Working, at: int, works: int) -> None:
        """Let the legs of an entry work, for what it was filled."""
        for leg in self._book.legs(parent):
            if leg.held and leg.open:
                freed = structs.replace(leg, held=False, qty=parent.filled, works=works, updated=at)
                self._tell("ACCEPTED", self._put(freed))

    def _size_other(self, leg: Working, at: int) -> None:
        for other in self._others(leg):
            if leg.open:
                self._put(structs.replace(other, qty=other.filled + leg.open, updated=at))
            else:
                self._cancelled(other, at)

    def _others(self, leg: Working) -> list[Working]:
        legs = self._book.legs(self._book[leg.parent])
        return [other for other in legs if other.id != leg.id and other.open]

    def _cancelled(self, order: Working, at: int) -> None:
        now = structs.replace(order, status="CANCELLED", updated=at)
        self._tell("CANCELLED", self._put(now))

    def _put(self, order: Working) -> Working:
        self._book.put(order)
        return order

    def _tell(self, kind: UpdateKind, order: Working, fill: BrokerFill | None = None) -> None:
        self._told.append(
            OrderUpdate(
                kind=kind, order=self._book.shown(order), at=to_datetime(order.updated),
                word=EVENTS[kind], fill=fill,
            )
        )  # fmt: skip
