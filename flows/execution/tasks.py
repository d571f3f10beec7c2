"""What the order machine wants of a broker, and what came of it."""

from datetime import datetime
from typing import NamedTuple

from connectors.broker.values import (
    Bracket,
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
    """Ask whether the broker has an order of our id, and how it is.

    Attributes:
        broker_order_id: the broker's: asked by it, the answer has all legs; empty: by ours.
    """

    order_id: str
    broker_order_id: str = ""


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


def submit_of(request: OrderRequest, qty: int) -> Submit:
    """Return how so many shares of a request are placed; an exit is, however late."""
    bracket = None
    if request.stop_price is not None:
        target = request.target_price
        bracket = Bracket(
            stop=to_units(request.stop_price), target=None if target is None else to_units(target)
        )
    order = NewOrder(
        client_order_id=request.client_order_id, ticker=request.ticker, side=request.side,
        qty=qty, type=request.type, time_in_force=request.time_in_force,
        limit=None if request.limit_price is None else to_units(request.limit_price),
        bracket=bracket,
    )  # fmt: skip
    return Submit(order, None if request.reduces else request.valid_until)
