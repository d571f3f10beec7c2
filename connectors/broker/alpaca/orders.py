"""Alpaca's orders in our words."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from connectors.broker.alpaca.numbers import (
    Fields,
    fields_of,
    moment_or_none,
    number,
    number_or_none,
    price_or_none,
    rows_of,
    text,
    text_or_empty,
    unusable,
)
from connectors.broker.alpaca.odd import odd, other_class
from connectors.broker.errors import BrokerAnswerUnusable
from connectors.broker.values import BrokerOrder, NewOrder, OrderType, Replacement
from messages.base import Side
from messages.trading import OrderStatus
from messages.units import UNITS_PER_DOLLAR, to_money

SIDES: Final[Mapping[str, Side]] = {
    "buy": "BUY",
    "buy_minus": "BUY",
    "sell": "SELL",
    "sell_plus": "SELL",
    "sell_short": "SELL",
    "sell_short_exempt": "SELL",
}
# A trailing stop is a stop whose price moves; we place none.
TYPES: Final[Mapping[str, OrderType]] = {
    "market": "MARKET",
    "limit": "LIMIT",
    "stop": "STOP",
    "stop_limit": "STOP_LIMIT",
    "trailing_stop": "STOP",
}
TRAILING: Final = "trailing_stop"
ENDS: Final[Mapping[str, OrderStatus]] = {
    "filled": "FILLED",
    "canceled": "CANCELLED",
    "expired": "EXPIRED",
    "rejected": "REJECTED",
    "replaced": "REPLACED",
}
# At Alpaca and not ended; how much of it is filled says the rest.
OPEN: Final = frozenset((
    "new", "partially_filled", "done_for_day", "pending_cancel", "pending_replace",
    "pending_review", "accepted", "pending_new", "accepted_for_bidding", "stopped", "suspended",
    "calculated", "held",
))  # fmt: skip
MANY_TICKERS: Final = "mleg"  # an order of several options at once has no ticker and no side
REASONS: Final = ("reject_reason", "rejected_reason", "failed_reason", "reason")


def order_of(value: object) -> BrokerOrder:
    """Read one order, its legs included.

    Raises:
        BrokerAnswerUnusable: a number or a word that counts means nothing.
    """
    fields = fields_of(value, "order")
    word, filled = text(fields, "status"), _filled(fields)
    wanted = number_or_none(fields, "qty")
    if wanted is not None and (wanted <= 0 or filled > wanted):
        raise unusable("qty", (fields.get("qty"), fields.get("filled_qty")))
    kind = _kind(fields)
    return BrokerOrder(
        id=text(fields, "id"),
        client_order_id=text(fields, "client_order_id"),
        ticker=text(fields, "symbol"),
        side=side_of(fields),
        qty=int(wanted or 0),
        filled=int(filled),
        average=_average(fields, filled),
        type=TYPES[kind],
        time_in_force=text(fields, "time_in_force").upper(),
        limit=price_or_none(fields, "limit_price"),
        stop=None if kind == TRAILING else price_or_none(fields, "stop_price"),
        status=status_of(word, filled),
        word=word,
        reason=next((found for name in REASONS if (found := text_or_empty(fields, name))), ""),
        submitted_at=moment_or_none(fields, "submitted_at"),
        updated_at=moment_or_none(fields, "updated_at"),
        replaces=text_or_empty(fields, "replaces"),
        replaced_by=text_or_empty(fields, "replaced_by"),
        legs=tuple(map(order_of, rows_of(fields.get("legs") or [], "legs"))),
        fractional=wanted is None or wanted % 1 != 0 or filled % 1 != 0,
    )


def orders_of(value: object) -> list[BrokerOrder]:
    """Read a list of orders; those of several options at once are left out."""
    found = [shown_order(row) for row in rows_of(value, "orders") if not _many(row)]
    return [order for order in found if order is not None]


def shown_order(value: object) -> BrokerOrder | None:
    """Read one order; of an odd one of somebody else what can be shown, as UNKNOWN, or None.

    Raises:
        BrokerAnswerUnusable: it may be ours, and means nothing.
    """
    try:
        return order_of(value)
    except BrokerAnswerUnusable as error:
        if not isinstance(value, dict) or not foreign(value):
            raise
        odd("order", f"{value.get('id')!r:.60}: {error}")
        return _part_of(value)


def foreign(row: Fields) -> bool:
    """Tell whether an order is none that we would place."""
    side = text_or_empty(row, "side")
    kind = text_or_empty(row, "type") or text_or_empty(row, "order_type")
    if other_class(row) or _many(row) or (side and side not in SIDES):
        return True
    if kind and kind not in TYPES:
        return True
    legs = row.get("legs")
    return any(map(_too_fine, (row.get("limit_price"), row.get("stop_price")))) or any(
        isinstance(leg, dict) and foreign(leg) for leg in (legs if isinstance(legs, list) else ())
    )


def _too_fine(value: object) -> bool:
    """Tell whether a price has a part of a unit; we send none such."""
    try:
        units = number_or_none({"": value}, "")
    except BrokerAnswerUnusable:
        return False
    return units is not None and (units * UNITS_PER_DOLLAR) % 1 != 0


def _part_of(fields: Fields) -> BrokerOrder | None:
    """Return an odd order with what is certain of it; None where that is too little."""
    try:
        wanted, filled = number_or_none(fields, "qty") or Decimal(0), _filled(fields)
        return BrokerOrder(
            id=text(fields, "id"),
            client_order_id=text(fields, "client_order_id"),
            ticker=text(fields, "symbol"),
            side=side_of(fields),
            qty=int(wanted),
            filled=int(filled),
            average=_average(fields, filled),
            time_in_force=text_or_empty(fields, "time_in_force").upper(),
            status="UNKNOWN",
            word=text(fields, "status"),
            submitted_at=moment_or_none(fields, "submitted_at"),
            updated_at=moment_or_none(fields, "updated_at"),
            legs=tuple(orders_of(fields.get("legs") or [])),
            fractional=not wanted or wanted % 1 != 0 or filled % 1 != 0,
        )
    except BrokerAnswerUnusable:
        return None


def status_of(word: str, filled: Decimal) -> OrderStatus:
    """Return Alpaca's word for an order's status in ours; UNKNOWN for one that is new.

    >>> status_of("held", Decimal(0)), status_of("pending_cancel", Decimal(3))
    ('ACCEPTED', 'PARTIALLY_FILLED')
    """
    if word == "filled" and not filled:
        raise unusable("filled_qty", filled)
    if word in OPEN:
        return "PARTIALLY_FILLED" if filled else "ACCEPTED"
    return ENDS.get(word, "UNKNOWN")


def side_of(fields: Fields) -> Side:
    """Read a side."""
    side = SIDES.get(text(fields, "side"))
    if side is None:
        raise unusable("side", fields.get("side"))
    return side


def asked(order: NewOrder) -> dict[str, Any]:
    """Return the request for an order; numbers are texts, so none is rounded on its way."""
    body: dict[str, Any] = {
        "symbol": order.ticker,
        "qty": str(order.qty),
        "side": order.side.lower(),
        "type": order.type.lower(),
        "time_in_force": order.time_in_force.lower(),
        "client_order_id": order.client_order_id,
        "extended_hours": order.extended_hours,
    } | _prices(order.limit, order.stop)
    if order.bracket is not None:
        body["order_class"] = "oto" if order.bracket.target is None else "bracket"
        body["stop_loss"] = _prices(None, order.bracket.stop)
        if order.bracket.target is not None:
            body["take_profit"] = _prices(order.bracket.target, None)
    return body


def asked_instead(changes: Replacement) -> dict[str, Any]:
    """Return the request for another order in the place of one."""
    qty = {} if changes.qty is None else {"qty": str(changes.qty)}
    prices = _prices(changes.limit, changes.stop)
    return {"client_order_id": changes.client_order_id} | qty | prices


def _prices(limit: int | None, stop: int | None) -> dict[str, str]:
    named = {"limit_price": limit, "stop_price": stop}
    return {name: _dollars(units) for name, units in named.items() if units is not None}


def _dollars(units: int) -> str:
    """Write a price with two decimals, or with the four that it needs."""
    text_of = f"{to_money(units):.4f}"
    return text_of.removesuffix("00")


def _filled(fields: Fields) -> Decimal:
    filled = number(fields, "filled_qty")
    if filled < 0:
        raise unusable("filled_qty", fields.get("filled_qty"))
    return filled


def _average(fields: Fields, filled: Decimal) -> Decimal | None:
    average = number_or_none(fields, "filled_avg_price")
    if not filled:
        return None
    if average is None or average <= 0:
        raise unusable("filled_avg_price", fields.get("filled_avg_price"))
    return average


def _kind(fields: Fields) -> str:
    """Return Alpaca's word for an order's type; it has two names for it."""
    kind = text_or_empty(fields, "type") or text(fields, "order_type")
    if kind not in TYPES:
        raise unusable("type", kind)
    return kind


def _many(row: object) -> bool:
    return isinstance(row, dict) and row.get("order_class") == MANY_TICKERS
