"""Reading long lists page by page, without a gap or a double."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from connectors.broker.alpaca.fills import fills_of
from connectors.broker.alpaca.numbers import NO_TIME, Fields, moment_or_none, rows_of
from connectors.broker.alpaca.orders import orders_of
from connectors.broker.errors import BrokerAnswerUnusable
from connectors.broker.values import BrokerFill, BrokerOrder
from messages.units import MICROSECOND

Ask = Callable[[dict[str, Any]], Any]
ORDERS: Final = 500  # that a page has
FILLS: Final = 100
MAX_PAGES: Final = 200


def orders_by_page(
    ask: Ask, status: str, since: datetime | None, size: int = ORDERS
) -> list[BrokerOrder]:
    """Return orders, oldest first.

    Alpaca pages by the time of placing, to the nanosecond, and leaves out the time that it is
    given: each page begins a microsecond before the last one's end, and what was there is dropped.

    Args:
        ask: returns a page for some parameters.
        status: open or all.
        since: those placed at or after it; None for all.
        size: of a page.

    Raises:
        BrokerAnswerUnusable: the pages do not come to an end.
    """
    found: dict[str, BrokerOrder] = {}
    seen: set[str] = set()
    asked = {"status": status, "limit": size, "nested": "true", "direction": "asc"}
    after = since - MICROSECOND if since is not None else None
    for _ in range(MAX_PAGES):
        answer = ask(asked if after is None else asked | {"after": stamp(after)})
        found |= {o.id: o for o in orders_of(answer) if o.id not in found}
        # What is left out is one of the page's rows, too.
        rows: list[Any] = rows_of(answer, "orders")
        new = {str(row.get("id")) for row in rows} - seen
        seen |= new
        # Whether legs count towards a page's length is not told: both are taken as a full page.
        length = sum(1 + _legs(row) for row in rows)
        if length < size or (not new and len(rows) < size):
            return list(found.values())
        newest = max(map(_placed, rows), default=NO_TIME)
        if not new or newest == NO_TIME:
            break
        after = newest - MICROSECOND
    reason = f"Alpaca's {status} orders do not come to an end."
    raise BrokerAnswerUnusable(reason)


def _legs(row: Fields) -> int:
    legs = row.get("legs")
    return len(legs) if isinstance(legs, list) else 0


def _placed(row: Fields) -> datetime:
    try:
        return moment_or_none(row, "submitted_at") or NO_TIME
    except BrokerAnswerUnusable:
        return NO_TIME


def merged(*lists: Iterable[BrokerOrder]) -> list[BrokerOrder]:
    """Return orders of several answers, the last word on each, oldest first; legs only once."""
    found = {order.id: order for orders in lists for order in orders}
    legs = {leg.id for order in found.values() for leg in order.legs}
    alone = [order for order in found.values() if order.id not in legs]
    return sorted(alone, key=lambda order: (order.submitted_at or NO_TIME, order.id))


def fills_by_page(ask: Ask, since: datetime, size: int = FILLS) -> list[BrokerFill]:
    """Return executions since then, oldest first, each once."""
    found: dict[str, BrokerFill] = {}
    seen: set[str] = set()
    asked = {"after": stamp(since - MICROSECOND), "direction": "asc", "page_size": size}
    token: dict[str, str] = {}
    for _ in range(MAX_PAGES):
        page = fills_of(ask(asked | token))
        new = [named for named, _ in page if named not in seen]
        seen.update(new)
        found |= {fill.execution_id: fill for _, fill in page if fill is not None}
        if len(page) < size:
            return sorted(found.values(), key=lambda fill: (fill.at, fill.execution_id))
        if not new:
            break
        token = {"page_token": page[-1][0]}
    reason = "Alpaca's fills do not come to an end."
    raise BrokerAnswerUnusable(reason)


def stamp(moment: datetime) -> str:
    """Write a time as Alpaca reads it, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
