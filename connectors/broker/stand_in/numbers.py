"""Numbers, times and ids as Alpaca writes them."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid5

from messages.units import to_money

SPACE: Final = UUID("6f9c3f0a-6d0a-5f4e-9d1c-2b7a4c1d8e55")
LONGEST: Final = 40  # characters, and digits before or behind the point


def exact(value: object) -> Decimal | None:
    """Read a number as a client wrote it; None for what is none, or has too many digits.

    A few characters can name a number of a billion digits, which nobody could make an int of.

    >>> exact("1.50"), exact("1E+9999999"), exact("nan"), exact(True)
    (Decimal('1.50'), None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        text = str(value)  # an int of many digits refuses
        if len(text) > LONGEST or not text.isascii():
            return None
        number = Decimal(text)
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= LONGEST else None


def price(units: int) -> str:
    """Write units as dollars, without zeros at the end.

    >>> price(1015000), price(1000000), price(-15)
    ('101.5', '100', '-0.0015')
    """
    return plain(to_money(units))


def plain(number: Decimal) -> str:
    """Write a Decimal without an exponent and without zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(at: datetime) -> str:
    """Write a time as RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment_or_none(at: datetime | None) -> str | None:
    """Write a time, or nothing."""
    return None if at is None else moment(at)


@lru_cache(4_096)
def uuid_of(name: str) -> str:
    """Return an id as a UUID: itself where it is one, else one that belongs to it."""
    try:
        return str(UUID(name))
    except ValueError:
        return str(uuid5(SPACE, name))


def asset_id(ticker: str) -> str:
    """Return the id of a ticker's asset."""
    return uuid_of(f"asset/{ticker}")
