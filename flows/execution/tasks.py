"""What the order machine wants of a broker, and what came of it."""

from datetime import datetime
from typing import NamedTuple

from connectors.broker.values import (
    BrokerAccount,
    BrokerFill,
    BrokerOrder,
    BrokerPosition,
    NewOrder,
)
from messages.errors import TidewireError
from messages.trading import OrderRequest
from messages.units import to_units


class Submit(NamedTuple):
    """Place an order, once.

    Attributes:
        until: after it nothing is sent any more, UTC; None: however late.
    """

    order: NewOrder
    until: datetime | None = None


class Cancel(NamedTuple):
    """Ask for the end of an order.

    Attributes:
        order_id: ours; broker_order_id: the broker's.
    """

    order_id: str
    broker_order_id: str


class LookUp(NamedTuple):
    """Ask whether the broker has an order of our id, and how it is."""

    order_id: str


class Reconcile(NamedTuple):
    """Ask for everything: orders and fills since then, positions, money."""

    since: datetime


Task = Submit | Cancel | LookUp | Reconcile


class Holdings(NamedTuple):
    """What a reconciliation found; positions were asked for last."""

    orders: list[BrokerOrder]
    fills: list[BrokerFill]
    account: BrokerAccount
    positions: list[BrokerPosition]


class Answer(NamedTuple):
    """What came of a task.

    Attributes:
        found: of a `Submit` or `LookUp` the order, of a `Reconcile` the holdings.
        error: why nothing was found; None where all went well.
    """

    task: Task
    found: BrokerOrder | Holdings | None = None
    error: TidewireError | None = None


def submit_of(request: OrderRequest) -> Submit:
    """Return how a request is placed; what reduces a position is, however late."""
    order = NewOrder(
        client_order_id=request.client_order_id, ticker=request.ticker, side=request.side,
        qty=request.qty, type=request.type, time_in_force=request.time_in_force,
        limit=None if request.limit_price is None else to_units(request.limit_price),
    )  # fmt: skip
    return Submit(order, None if request.reduces else request.valid_until)
