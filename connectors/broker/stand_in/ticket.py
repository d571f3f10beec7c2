"""What the stand-in remembers of an order beside what the exchange says of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from connectors.broker.values import BrokerOrder, UpdateKind
from messages.trading import OrderStatus

OrderClass = Literal["", "simple", "bracket", "oto"]
# Alpaca's words. A status that the exchange names by a word of Alpaca's keeps that word.
STATUS_WORDS: Final[dict[OrderStatus, str]] = {
    "PENDING": "pending_new",
    "SUBMITTED": "accepted",
    "ACCEPTED": "new",
    "PARTIALLY_FILLED": "partially_filled",
    "FILLED": "filled",
    "CANCELLED": "canceled",
    "REJECTED": "rejected",
    "EXPIRED": "expired",
    "REPLACED": "replaced",
    "UNKNOWN": "suspended",
}
KEPT_WORDS: Final = frozenset(("accepted", "held", "pending_new", "pending_replace", "stopped"))
# Of an OTHER the update's own word is told.
EVENT_WORDS: Final[dict[UpdateKind, str]] = {
    "ACCEPTED": "new",
    "PARTIALLY_FILLED": "partial_fill",
    "FILLED": "fill",
    "CANCELLED": "canceled",
    "REJECTED": "rejected",
    "EXPIRED": "expired",
    "REPLACED": "replaced",
    "CANCEL_REFUSED": "order_cancel_rejected",
    "REPLACE_REFUSED": "order_replace_rejected",
    "CORRECTED": "trade_correct",
    "BUSTED": "trade_bust",
}


@dataclass(slots=True)
class Ticket:
    """An order and its history.

    Attributes:
        order: as the exchange said last.
        created_at: when it was accepted.
        order_class: of an entry with legs `bracket` or `oto`.
        intent: `buy_to_open` and its like.
        parent: id of the order that holds it as a leg; empty for none.
        cancelling: its cancel was answered, and is not confirmed yet.
        moments: when it reached each status first.
    """

    order: BrokerOrder
    created_at: datetime
    order_class: OrderClass = ""
    intent: str = ""
    extended_hours: bool = False
    parent: str = ""
    cancelling: bool = False
    moments: dict[OrderStatus, datetime] = field(default_factory=dict)

    def take(self, order: BrokerOrder, at: datetime) -> None:
        """Take what the exchange says of it now."""
        self.order = order
        self.moments.setdefault(order.status, at)

    @property
    def word(self) -> str:
        """Return its status in Alpaca's words."""
        if self.cancelling and not self.order.ended:
            return "pending_cancel"
        word = self.order.word.lower()
        return word if word in KEPT_WORDS else STATUS_WORDS[self.order.status]
