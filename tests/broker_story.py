"""A run with a broker, as its database has it: a day's orders, and what the broker said."""

import uuid
from decimal import Decimal
from typing import Any

import msgspec

from connectors.runs import Run
from connectors.storage.schema import upgrade
from connectors.storage.sink import seed
from messages.base import make_id
from messages.broker import BrokerEvent, Difference
from messages.trading import OrderRequest
from messages.units import to_datetime
from operators.blocks import Event
from stack.servers.services import Services
from tests.storing import history, store
from tests.streams import at

MONEY: dict[str, Any] = {
    "cash": Decimal("98765.4300"), "equity": Decimal("101234.5600"),
    "buying_power": Decimal("202469.1200"),
}  # fmt: skip
DRIFT = (Difference("AAPL", Decimal(3), Decimal(15)), Difference("MSFT", Decimal(0), Decimal(-1)))


def said(account: str, minute: float, kind: Any, **fields: Any) -> Event:
    """Return what a broker said."""
    stamp = at(minute)
    body = BrokerEvent(
        id=make_id("bro", stamp, kind, *fields.values()), event_time=to_datetime(stamp),
        account=account, broker="alpaca", kind=kind, **fields,
    )  # fmt: skip
    return Event(stamp, account, body)


def at_a_broker(services: Services, run: Run, *more: Event) -> tuple[Run, OrderRequest]:
    """Make a schema in which a day was traded at a broker; returns its run, and the first order.

    Args:
        services: running servers.
        run: whose topics it has.
        more: said by the broker besides, after all else.
    """
    schema, account = f"test_{uuid.uuid4().hex[:8]}", run.rules.account.name
    upgrade(services.database_url, schema)
    seed(services.database_url, schema)
    day = history()
    orders = [e.body for e in day if isinstance(e.body, OrderRequest)]
    order: dict[str, Any] = {
        "order_id": orders[0].id, "broker_order_id": "904837e3", "causes": (orders[0].id,),
        "ticker": orders[0].ticker, "side": orders[0].side,
    }  # fmt: skip
    told = [
        said(account, 0, "stream_up"),
        said(account, 0.1, "reconciled", unmanaged=("GLD 2.5", "TSLA -4"), **MONEY),
        said(account, 2.1, "order", status="ACCEPTED", told_at=to_datetime(at(2.05)), **order),
        said(account, 2.2, "fill", status="FILLED", execution_id="x-1", qty=orders[0].qty,
             price=100.02, told_at=to_datetime(at(2.15)), **order),
        said(account, 2.2, "order", status="FILLED", **order),
        *more,
    ]  # fmt: skip
    store(services, schema, [*day, *told])
    spec = msgspec.structs.replace(run.spec, broker={"kind": "alpaca"})
    # Only a live run may have a broker; this one is played, so that whoever looks needs no people.
    msgspec.structs.force_setattr(spec, "mode", "broker")
    return msgspec.structs.replace(run, schema=schema, spec=spec), orders[0]
