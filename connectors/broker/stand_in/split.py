"""A fill that comes in parts."""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from connectors.broker.stand_in.numbers import uuid_of
from connectors.broker.values import BrokerFill, OrderUpdate
from messages.units import to_money

MOST: Final = 3
AVERAGE: Final = Decimal("0.000001")


def split(update: OrderUpdate) -> list[OrderUpdate]:
    """Return the updates of a fill's parts, in order; together they are the fill.

    A fill of one share stays whole.
    """
    whole = update.fill
    if whole is None or whole.qty < 2:
        return [update]
    sizes = sizes_of(whole.qty)
    filled = update.order.filled - whole.qty
    value = (update.order.average or Decimal(0)) * update.order.filled
    value -= to_money(whole.price) * whole.qty
    parts = []
    for n, size in enumerate(sizes):
        filled, value = filled + size, value + to_money(whole.price) * size
        last = n == len(sizes) - 1
        order = replace(
            update.order, filled=filled, average=(value / filled).quantize(AVERAGE),
            status=update.order.status if last else "PARTIALLY_FILLED",
            word=update.order.word if last else "partially_filled",
        )  # fmt: skip
        parts.append(
            replace(
                update,
                order=update.order if last else order,
                kind=update.kind if last else "PARTIALLY_FILLED",
                fill=_part(whole, n, size),
            )
        )
    return parts


def sizes_of(qty: int) -> list[int]:
    """Return the sizes of the parts of so many shares: at most three, the first the largest.

    >>> sizes_of(10), sizes_of(2)
    ([4, 3, 3], [1, 1])
    """
    count = min(MOST, qty)
    return [qty // count + (n < qty % count) for n in range(count)]


def _part(whole: BrokerFill, number: int, size: int) -> BrokerFill:
    name = uuid_of(f"{whole.execution_id}/{number}")
    return replace(whole, execution_id=name, qty=size)
