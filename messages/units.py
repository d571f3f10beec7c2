"""Exact money: whole units of 1/10,000 US dollar, as int.

On the wire a price is a JSON number with at most four decimals and an amount of money is a
decimal string; inside operators both are int units. No float ever holds a running sum of money.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

UNITS_PER_DOLLAR: Final = 10_000
MICROSECOND: Final = timedelta(microseconds=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_US: Final = 1_000_000
MINUTE_US: Final = 60 * SECOND_US
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US


def to_units(dollars: float) -> int:
    """Convert a wire price in dollars to units; the nearest unit, exact up to 4 decimals.

    >>> to_units(258.64)
    2586400
    """
    return round(dollars * UNITS_PER_DOLLAR)


def to_dollars(units: int) -> float:
    """Convert units to the float whose shortest form has at most 4 decimals.

    >>> to_dollars(2586400)
    258.64
    """
    return units / UNITS_PER_DOLLAR


def to_money(units: int) -> Decimal:
    """Convert units to a Decimal amount in dollars with exactly 4 decimals.

    >>> to_money(-15000)
    Decimal('-1.5000')
    """
    return Decimal(units).scaleb(-4)


def from_money(amount: Decimal) -> int:
    """Convert a Decimal amount in dollars to units; assumes at most 4 decimals."""
    return int(amount.scaleb(4))


def has_price_precision(dollars: float) -> bool:
    """Tell whether a wire price has at most four decimals."""
    return dollars == to_units(dollars) / UNITS_PER_DOLLAR


def to_micros(moment: datetime) -> int:
    """Convert an aware datetime to microseconds since 1970-01-01 UTC."""
    return (moment - EPOCH) // MICROSECOND


@lru_cache(4_096)  # what happens at one stamp leads to many records of it
def to_datetime(micros: int) -> datetime:
    """Convert microseconds since 1970-01-01 UTC to an aware UTC datetime."""
    return EPOCH + timedelta(microseconds=micros)
