"""Alpaca's executions: from the account's activities, and from the stream of updates."""

import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from connectors.broker.alpaca.numbers import (
    Fields,
    executed_price,
    fields_of,
    moment,
    moment_or_none,
    number,
    rows_of,
    text,
    text_or_empty,
    unusable,
)
from connectors.broker.alpaca.odd import odd, other_class
from connectors.broker.alpaca.orders import foreign, shown_order, side_of
from connectors.broker.errors import BrokerAnswerUnusable
from connectors.broker.values import BrokerFill, BrokerOrder, OrderUpdate, UpdateKind

log = logging.getLogger(__name__)

KINDS: Final[Mapping[str, UpdateKind]] = {
    "new": "ACCEPTED",
    "accepted": "ACCEPTED",
    "partial_fill": "PARTIALLY_FILLED",
    "fill": "FILLED",
    "canceled": "CANCELLED",
    "rejected": "REJECTED",
    "expired": "EXPIRED",
    "replaced": "REPLACED",
    "order_cancel_rejected": "CANCEL_REFUSED",
    "order_replace_rejected": "REPLACE_REFUSED",
    "trade_correct": "CORRECTED",
    "trade_bust": "BUSTED",
}
FILLS: Final = frozenset(("FILLED", "PARTIALLY_FILLED"))
AMENDS: Final = frozenset(("CORRECTED", "BUSTED"))


def fills_of(value: object) -> list[tuple[str, BrokerFill | None]]:
    """Read a page of activities: their ids, for paging, and their fills.

    A fill of a fraction of a share, which we never trade, is None: its position shows it.
    """
    found: list[tuple[str, BrokerFill | None]] = []
    for row in rows_of(value, "activities"):
        fields = fields_of(row, "activity")
        named, fill = text(fields, "id"), None
        try:
            fill = _fill_of_activity(fields)
        except BrokerAnswerUnusable as error:
            if not other_class(fields):
                raise
            odd("fill", f"{named}: {error}")
        found.append((named, fill))
    return found


def _fill_of_activity(fields: Fields) -> BrokerFill | None:
    named = text(fields, "id")
    shares = _shares(fields)
    if shares is None:
        log.info("a fill of a fraction of a share is left out: %s", named)
        return None
    return BrokerFill(
        execution_id=named.rpartition("::")[2],
        order_id=text(fields, "order_id"),
        ticker=text(fields, "symbol"),
        side=side_of(fields),
        qty=shares,
        price=executed_price(fields, "price"),
        at=moment(fields, "transaction_time"),
    )


def update_of(value: object) -> OrderUpdate | None:
    """Read what the stream says of an order; None for an odd one of somebody else.

    Raises:
        BrokerAnswerUnusable: a number or a word that counts means nothing.
    """
    fields = fields_of(value, "update")
    word, order = text(fields, "event"), shown_order(fields.get("order"))
    if order is None:
        return None
    try:
        return _update(fields, word, order)
    except BrokerAnswerUnusable as error:
        if not foreign(fields["order"]):
            raise
        odd("update", f"{order.id}: {error}")
        return None


def _update(fields: Fields, word: str, order: BrokerOrder) -> OrderUpdate:
    kind = KINDS.get(word, "OTHER")
    at = moment_or_none(fields, "timestamp") or moment_or_none(fields, "at") or order.updated_at
    if at is None:
        raise unusable("timestamp", fields.get("timestamp"))
    fill = None
    if kind in FILLS and (shares := _shares(fields)) is not None:
        fill = BrokerFill(
            execution_id=text(fields, "execution_id"),
            order_id=order.id,
            ticker=order.ticker,
            side=order.side,
            qty=shares,
            price=executed_price(fields, "price"),
            at=at,
        )
    corrects = ""
    if kind in AMENDS:
        corrects = text_or_empty(fields, "previous_execution_id") or text(fields, "execution_id")
    return OrderUpdate(kind=kind, order=order, at=at, word=word, fill=fill, corrects=corrects)


def _shares(fields: Fields) -> int | None:
    """Return whole shares, more than 0; None for a fraction."""
    qty: Decimal = number(fields, "qty")
    if qty <= 0:
        raise unusable("qty", fields.get("qty"))
    return None if qty % 1 else int(qty)
