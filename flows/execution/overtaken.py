"""Why an order is not sent, put off, given up or forgotten, though nobody has ended it."""

from collections.abc import Mapping, Sequence

from flows.execution.state import OrderLife
from messages.trading import OrderStatus
from messages.units import to_micros


def overtaken(now: int, life: OrderLife, *, blocked: bool) -> tuple[OrderStatus, str] | None:
    """Return why an entry is not sent any more: its end, and the reason.

    Args:
        now: microseconds.
        life: of the order.
        blocked: trading is reduced or halted.
    """
    if life.request.reduces:
        return None
    if blocked or life.unwanted:
        return "CANCELLED", "trading was reduced or halted before it was sent"
    if now > to_micros(life.request.valid_until):
        return "EXPIRED", "it was not sent within the time for which it holds"
    return None


def is_gone(life: OrderLife, settled: int, *, adopting: bool) -> bool:
    """Tell whether an order may be given up that the broker had: by an adoption alone.

    Whoever has the account adopted takes what is there, as after the broker began it anew.

    Args:
        life: of an order that was looked up, and not found.
        settled: so long after its request it is there or lost, microseconds.
        adopting: the account is to be adopted.
    """
    return adopting and to_micros(life.request.event_time) + settled < life.asked_at


def put_off(life: OrderLife, now: int, waits: Sequence[int], least: int = 0) -> None:
    """Have an order gone on with later, and later each time; `least`: not before, microseconds."""
    life.due = now + max(least, waits[min(life.tries, len(waits) - 1)])
    life.tries += 1


def forgettable(lives: Mapping[str, OrderLife], before: int) -> list[str]:
    """Return our ids of orders that ended before a moment: nothing of them can come any more."""
    return [id_ for id_, life in lives.items() if 0 < life.ended_at < before]
