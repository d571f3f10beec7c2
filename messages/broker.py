"""Broker facts: what a broker said of an order, of itself, and of the account."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from messages.base import Count, Message, Price, Side, Ticker
from messages.trading import Leg, OrderStatus

BrokerEventKind = Literal[
    "order", "fill", "stream_up", "stream_down", "adopted", "reconciled", "drift",
]  # fmt: skip


class Difference(Struct, frozen=True, gc=False):
    """A ticker of which the broker holds other shares than follow from what it told.

    Attributes:
        expected: signed shares by its own fills, and by what was there before them.
        found: signed; a fraction is possible.
    """

    ticker: str
    expected: Decimal
    found: Decimal


class BrokerEvent(Message, frozen=True, kw_only=True, gc=False):
    """What a broker said, let in once and in the order in which it was heard.

    Attributes:
        kind: `order`: what became of it; `fill`: an execution; `stream_up`, `stream_down`: whether
            its updates are heard; `adopted`: the account begins anew with what it has there;
            `reconciled`: everything it holds is accounted for; `drift`: it is not.
        broker: its name.
        order_id: ours; empty for what is about no order.
        leg_of: of what is about a leg that the broker holds beside an entry, the entry's order id;
            `order_id` is that of `leg_order_id`, and is requested with the leg's first fill.
        leg: which one; an `order` with ACCEPTED says that it works at the broker.
        broker_order_id, execution_id: the broker's; empty where there is none.
        qty, price: of a fill, shares and dollars per share; commission: dollars of it.
        status: of the order, after it; None for what is about no order.
        reason: the broker's words, or why.
        cash, equity, buying_power: dollars, as `adopted` and `reconciled` found them.
        differences: of a `drift`.
        unmanaged: of these: what is held besides, and never traded, as `TICKER shares`.
        told_at: by the broker's clock, UTC; None where it did not say.
    """

    account: str
    broker: str
    kind: BrokerEventKind
    order_id: str = ""
    broker_order_id: str = ""
    execution_id: str = ""
    ticker: Ticker | None = None
    side: Side | None = None
    qty: Count = 0
    price: Price | None = None
    commission: Decimal = Decimal(0)
    status: OrderStatus | None = None
    reason: str = ""
    cash: Decimal | None = None
    equity: Decimal | None = None
    buying_power: Decimal | None = None
    differences: tuple[Difference, ...] = ()
    unmanaged: tuple[str, ...] = ()
    told_at: datetime | None = None
    leg_of: str = ""
    leg: Leg = ""

    def problem(self) -> str | None:
        """Return NO_ORDER, NO_LEG, NO_FILL, NO_STATUS, NO_CASH or None."""
        if self.kind in ("order", "fill") and not self.order_id:
            return "NO_ORDER"
        if bool(self.leg) != bool(self.leg_of):
            return "NO_LEG"
        if self.kind == "order" and self.status is None:
            return "NO_STATUS"
        if self.kind == "fill" and not (
            self.execution_id and self.qty and self.price is not None and self.side
        ):
            return "NO_FILL"
        if self.kind == "adopted" and self.cash is None:
            return "NO_CASH"
        return None
