"""Money and time: exact both ways, and no float that forgets a unit."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.units import (
    DAY_US,
    EPOCH,
    HOUR_US,
    MINUTE_US,
    SECOND_US,
    from_money,
    has_price_precision,
    to_datetime,
    to_dollars,
    to_micros,
    to_money,
    to_units,
)

units = st.integers(-(10**15), 10**15)


@given(units, units)
def test_sums_of_money_are_exact(one: int, other: int) -> None:
    assert from_money(to_money(one) + to_money(other)) == one + other
    assert to_money(one).as_tuple().exponent == -4


@pytest.mark.parametrize(
    ("dollars", "found"),
    [(0.0001, 1), (258.64, 2_586_400), (0.1 + 0.2, 3_000), (10_000_000.0, 100_000_000_000)],
)
def test_dollars_and_units(dollars: float, found: int) -> None:
    assert to_units(dollars) == found
    assert to_units(to_dollars(found)) == found


@pytest.mark.parametrize(
    ("price", "exact"),
    [(1.0, True), (1.2345, True), (1.23456, False), (0.00001, False), (258.64, True)],
)
def test_prices_have_at_most_four_decimals(price: float, exact: bool) -> None:
    assert has_price_precision(price) is exact


@given(st.integers(1, 10**11))
def test_a_price_s_shortest_form_has_at_most_four_decimals(n: int) -> None:
    shortest = Decimal(repr(to_dollars(n)))
    assert shortest == to_money(n)


@given(st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis adds the zone
def test_times_are_exact(moment: datetime) -> None:
    assert to_datetime(to_micros(moment)) == moment


def test_a_time_is_the_same_in_every_zone() -> None:
    moment = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)
    for hours in (-12, -4, 0, 5.5, 14):
        zone = timezone(timedelta(hours=hours))
        assert to_micros(moment.astimezone(zone)) == to_micros(moment)
    assert to_micros(EPOCH) == 0
    assert to_micros(EPOCH - timedelta(microseconds=1)) == -1


def test_spans() -> None:
    assert to_micros(EPOCH + timedelta(seconds=1)) == SECOND_US
    assert (60 * SECOND_US, 60 * MINUTE_US, 24 * HOUR_US) == (MINUTE_US, HOUR_US, DAY_US)
