"""Reading Alpaca's words and numbers: strict where money is, tolerant of what is new."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from connectors.broker.alpaca.odd import odd
from connectors.broker.errors import BrokerAnswerUnusable
from messages.units import UNITS_PER_DOLLAR

MOST: Final = Decimal(10) ** 15  # dollars, or shares; beyond it, no number is true
EXACT: Final = 28  # digits that arithmetic keeps
NUMBER: Final = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,3})?")
NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)  # older times are "none" in Alpaca's language
Fields = Mapping[str, Any]


def unusable(what: str, value: object) -> BrokerAnswerUnusable:
    """Return the error for a value that means nothing; its text is cut."""
    return BrokerAnswerUnusable(f"Alpaca's {what} cannot be used: {value!r:.80}")


def read_json(body: bytes | str) -> Any:
    """Read JSON with every fraction exact; also its own NaN and Infinity, which are judged later.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=Decimal)
    except RecursionError as error:
        reason = "it is nested too deeply"
        raise ValueError(reason) from error


def fields_of(value: object, what: str) -> Fields:
    """Return an object's fields."""
    if not isinstance(value, dict):
        raise unusable(what, value)
    return value


def rows_of(value: object, what: str) -> list[Any]:
    """Return a list's items."""
    if not isinstance(value, list):
        raise unusable(what, value)
    return value


def text(fields: Fields, name: str) -> str:
    """Return a text that must be there."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise unusable(name, value)
    return value


def text_or_empty(fields: Fields, name: str) -> str:
    """Return a text; empty where there is none."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def flag(fields: Fields, name: str, absent: bool | None = None) -> bool:
    """Return a yes or no; `absent` where there is none, if that is allowed."""
    value = fields.get(name)
    if value is None and absent is not None:
        return absent
    if not isinstance(value, bool):
        raise unusable(name, value)
    return value


def number(fields: Fields, name: str) -> Decimal:
    """Return a finite number, given as a text or as a JSON number."""
    found = number_or_none(fields, name)
    if found is None:
        raise unusable(name, fields.get(name))
    return found


def number_or_none(fields: Fields, name: str) -> Decimal | None:
    """Return a finite number; None where there is none."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise unusable(name, value)
    if NUMBER.fullmatch(str(value)) is None:
        raise unusable(name, value)
    found = Decimal(str(value))
    if len(found.as_tuple().digits) > EXACT or abs(found) > MOST:
        raise unusable(name, value)
    return found


def price(fields: Fields, name: str) -> int:
    """Return a price that must be there: units, more than 0."""
    found = price_or_none(fields, name)
    if found is None:
        raise unusable(name, fields.get(name))
    return found


def price_or_none(fields: Fields, name: str) -> int | None:
    """Return a price: units, more than 0; None where there is none."""
    dollars = number_or_none(fields, name)
    if dollars is None:
        return None
    units = dollars * UNITS_PER_DOLLAR
    if units <= 0 or units != units.to_integral_value():
        raise unusable(name, fields.get(name))
    return int(units)


def executed_price(fields: Fields, name: str) -> int:
    """Return the price of an execution, to the nearest unit: more than 0, and never refused.

    What was executed is executed, also where somebody else's share of a cent is finer than ours.
    """
    dollars = number(fields, name)
    if dollars <= 0:
        raise unusable(name, fields.get(name))
    units = dollars * UNITS_PER_DOLLAR
    if units % 1:
        odd("fill's price, which is rounded", dollars)
    return max(int(units.to_integral_value()), 1)


def money(fields: Fields, name: str) -> int:
    """Return an amount of money, units; what is smaller than a unit is not counted as had."""
    units = number(fields, name) * UNITS_PER_DOLLAR
    return int(units.to_integral_value(rounding="ROUND_FLOOR"))


def moment(fields: Fields, name: str) -> datetime:
    """Return a time that must be there, UTC."""
    found = moment_or_none(fields, name)
    if found is None:
        raise unusable(name, fields.get(name))
    return found


def moment_or_none(fields: Fields, name: str) -> datetime | None:
    """Return a time, UTC, to the microsecond; None where there is none."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            raise unusable(name, value)
        found = found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise unusable(name, value) from None
    return found if found > NO_TIME else None
