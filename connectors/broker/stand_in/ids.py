"""The exchange's values with ids as Alpaca has them, which are UUIDs."""

from msgspec.structs import replace

from connectors.broker.stand_in.numbers import uuid_of
from connectors.broker.values import BrokerFill, BrokerOrder, OrderUpdate


def told_order(order: BrokerOrder) -> BrokerOrder:
    """Return an order with such ids."""
    return replace(
        order,
        id=uuid_of(order.id),
        replaces=order.replaces and uuid_of(order.replaces),
        replaced_by=order.replaced_by and uuid_of(order.replaced_by),
        legs=tuple(map(told_order, order.legs)),
    )


def told_fill(fill: BrokerFill) -> BrokerFill:
    """Return a fill with such ids."""
    return replace(
        fill, execution_id=uuid_of(fill.execution_id), order_id=uuid_of(fill.order_id)
    )  # fmt: skip


def told(update: OrderUpdate) -> OrderUpdate:
    """Return an update with such ids."""
    fill = None if update.fill is None else told_fill(update.fill)
    return replace(update, order=told_order(update.order), fill=fill)
