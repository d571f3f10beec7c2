"""Alpaca's account, positions, assets, clock and calendar in our words."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from connectors.broker.alpaca.numbers import (
    Fields,
    fields_of,
    flag,
    moment,
    money,
    number,
    number_or_none,
    rows_of,
    text,
    text_or_empty,
    unusable,
)
from connectors.broker.alpaca.odd import STOCKS, odd, other_class
from connectors.broker.errors import BrokerAnswerUnusable
from connectors.broker.values import Asset, BrokerAccount, BrokerPosition, MarketClock, TradingDay
from messages.units import UNITS_PER_DOLLAR

NEW_YORK: Final = ZoneInfo("America/New_York")
BLOCKS: Final = {
    "account_blocked": "the account is blocked",
    "trading_blocked": "trading is blocked",
    "trade_suspended_by_user": "trading is suspended by its owner",
}


def account_of(value: object) -> BrokerAccount:
    """Read the account; a part of a unit of money is not counted as had."""
    fields = fields_of(value, "account")
    reasons = [words for name, words in BLOCKS.items() if flag(fields, name, absent=False)]
    if (status := text(fields, "status")) != "ACTIVE":
        reasons.append(f"its status is {status}")
    if (currency := text(fields, "currency")) != "USD":
        reasons.append(f"its currency is {currency}")
    return BrokerAccount(
        id=text_or_empty(fields, "account_number") or text(fields, "id"),
        currency=currency,
        cash=money(fields, "cash"),
        equity=money(fields, "equity"),
        buying_power=money(fields, "buying_power"),
        blocked="; ".join(reasons),
        shorting=flag(fields, "shorting_enabled", absent=False),
    )


def positions_of(value: object) -> list[BrokerPosition]:
    """Read positions, by ticker; odd ones of something that we never trade are left out.

    An average of 0 is one: shares can be a gift.
    """
    found = []
    for row in rows_of(value, "positions"):
        fields = fields_of(row, "position")
        try:
            found.append(_position(fields))
        except BrokerAnswerUnusable as error:
            if not other_class(fields):
                raise
            odd("position", error)
    return sorted(found, key=lambda position: position.ticker)


def _position(fields: Fields) -> BrokerPosition:
    qty, average = number(fields, "qty"), number(fields, "avg_entry_price")
    side = text(fields, "side")
    if side not in ("long", "short") or not qty or average < 0 or (side == "long" and qty < 0):
        raise unusable("position", (side, fields.get("qty"), fields.get("avg_entry_price")))
    return BrokerPosition(
        ticker=text(fields, "symbol"),
        qty=-abs(qty) if side == "short" else qty,
        average=average,
        price=_last_price(fields),
    )


def _last_price(fields: Fields) -> int | None:
    """Return the price of the last trade, to the nearest unit; the market has finer ones.

    None for an odd one: what is held is known without it.
    """
    try:
        dollars = number_or_none(fields, "current_price")
    except BrokerAnswerUnusable:
        dollars = Decimal(-1)
    if dollars is None:
        return None
    if dollars < 0:
        odd("last price", fields.get("current_price"))
        return None
    units = (dollars * UNITS_PER_DOLLAR).to_integral_value()
    return int(units) or None


def asset_of(value: object) -> Asset:
    """Read what may be done with a ticker; only stocks are tradable."""
    fields = fields_of(value, "asset")
    stock = (text_or_empty(fields, "class") or STOCKS) == STOCKS
    return Asset(
        ticker=text(fields, "symbol"),
        name=text_or_empty(fields, "name"),
        exchange=text_or_empty(fields, "exchange"),
        tradable=flag(fields, "tradable") and stock and text(fields, "status") == "active",
        shortable=flag(fields, "shortable", absent=False),
        fractionable=flag(fields, "fractionable", absent=False),
    )


def clock_of(value: object) -> MarketClock:
    """Read the clock."""
    fields = fields_of(value, "clock")
    return MarketClock(
        at=moment(fields, "timestamp"),
        is_open=flag(fields, "is_open"),
        opens=moment(fields, "next_open"),
        closes=moment(fields, "next_close"),
    )


def calendar_of(value: object, first: date, last: date) -> list[TradingDay]:
    """Read the sessions of some days, both included; Alpaca writes New York's time of day."""
    found = []
    for row in rows_of(value, "calendar"):
        fields = fields_of(row, "session")
        try:
            day = date.fromisoformat(text(fields, "date"))
        except ValueError:
            raise unusable("date", fields.get("date")) from None
        opens, closes = _hour(fields, "open", day), _hour(fields, "close", day)
        if closes <= opens:
            raise unusable("session", (fields.get("open"), fields.get("close")))
        if first <= day <= last:
            found.append(TradingDay(day=day, opens=opens, closes=closes))
    return sorted(found, key=lambda session: session.day)


def _hour(fields: Fields, name: str, day: date) -> datetime:
    try:
        at = time.fromisoformat(text(fields, name))
    except ValueError:
        raise unusable(name, fields.get(name)) from None
    return datetime.combine(day, at.replace(tzinfo=NEW_YORK)).astimezone(UTC)
