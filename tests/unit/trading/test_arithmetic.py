"""Arithmetic on integers: booking, sizing, stops, costs; the same when compiled."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from operators.costs import Costs
from operators.trading.arithmetic import (
    Booked,
    affordable,
    booked,
    commission_of,
    entry_cost,
    entry_shares,
    exit_reserve,
    slipped,
    within,
)

qty = st.integers(1, 10_000)
price = st.integers(1, 10**8)


def _book(held: int, cost: int, fees: int, qty: int, price: int, fee: int) -> Booked:
    return booked(held, cost, fees, qty, price, fee)


booked_in_columns: Any = njit(_book)  # as the columnar loop compiles it


@pytest.mark.parametrize(
    ("before", "fill", "after"),
    [
        ((0, 0, 0), (10, 100, 3), (10, 1_000, 3, 0, False)),
        ((10, 1_000, 3), (10, 120, 2), (20, 2_200, 5, 0, False)),
        ((20, 2_200, 5), (-20, 130, 1), (0, 0, 0, 394, True)),
        ((3, 100, 1), (-1, 40, 0), (2, 67, 1, 7, True)),
        ((-10, -1_000, 3), (10, 90, 2), (0, 0, 0, 95, True)),
        ((-3, -100, 0), (-1, 40, 0), (-4, -140, 0, 0, False)),
    ],
)
def test_bookings(
    before: tuple[int, int, int], fill: tuple[int, int, int], after: tuple[object, ...]
) -> None:
    assert booked(*before, *fill) == after


@given(held=qty, at=price, parts=st.lists(st.tuples(qty, price), min_size=1), short=st.booleans())
def test_parts_add_up_to_the_whole(
    held: int, at: int, parts: list[tuple[int, int]], short: bool
) -> None:
    side = -1 if short else 1
    now = booked(0, 0, 0, side * held, at, 11)
    paid = profit = 0
    for wanted, out in [*parts, (held, at)]:
        part = min(wanted, abs(now.qty))
        if part:
            now = booked(now.qty, now.cost, now.fees, -side * part, out, 5)
            paid, profit = paid + side * part * out - 5, profit + now.profit
    assert (now.qty, now.cost, now.fees) == (0, 0, 0)
    assert profit == paid - side * held * at - 11


@given(st.integers(-50, 50), price, st.integers(-50, 50).filter(bool), price, st.integers(0, 99))
def test_compiled_it_books_alike(held: int, at: int, shares: int, out: int, fee: int) -> None:
    if held and (held > 0) != (shares > 0) and abs(shares) > abs(held):
        shares = -held
    plain = booked(held, held * at, 3, shares, out, fee)
    assert tuple(booked_in_columns(held, held * at, 3, shares, out, fee)) == tuple(plain)


costs = st.builds(
    Costs, st.integers(0, 500), st.integers(0, 500), st.integers(0, 1_000), st.integers(0, 500),
    st.integers(0, 1_000), st.integers(0, 10_000),
)  # fmt: skip
FREE = Costs(0, 0, 0, 0, 0, 0)
equities, shares_of_bps = st.integers(-(10**12), 10**12), st.integers(0, 10_000)
sides, volumes = st.sampled_from([1, -1]), st.integers(0, 10**7)


@given(equities, price, shares_of_bps, sides, volumes, costs)
def test_sizing_never_exceeds_its_share(
    equity: int, at: int, bps: int, side: int, volume: int, cost: Costs
) -> None:
    """Net of costs the whole entry fits; without them its value does, and no share more would."""
    budget = max(0, bps * equity // 10_000)
    shares = entry_shares(equity, at, bps, side, volume, cost, True)
    assert shares * side >= 0
    assert shares == 0 or entry_cost(at, shares, volume, cost) <= budget
    gross = entry_shares(equity, at, bps, side, volume, cost, False)
    assert abs(gross) * at <= budget
    assert (abs(gross) + 1) * at > budget
    assert entry_shares(equity, at, bps, side, volume, FREE, True) == gross


@given(price, st.integers(1, 10**6), sides, volumes, costs, st.integers(0, 10**13))
def test_what_is_affordable_is_paid(
    at: int, most: int, side: int, volume: int, cost: Costs, budget: int
) -> None:
    shares = affordable(budget, at, side * most, volume, cost)
    assert 0 <= side * shares <= most
    assert shares == 0 or entry_cost(at, shares, volume, cost) <= budget
    kept = within(budget, at, side * most, volume, cost)
    whole = entry_cost(at, side * most, volume, cost)
    assert kept == (side * most if whole <= budget else shares)
    assert affordable(budget, at, side * most, volume, FREE) == side * min(most, budget // at)


@given(price, st.integers(1, 10**6), st.integers(1, 9), costs)
def test_an_exit_costs_no_more_than_its_reserve(
    at: int, shares: int, parts: int, cost: Costs
) -> None:
    """At any price, and what other positions have reserved stays reserved."""
    others = exit_reserve(parts * 7, parts, cost)
    both = exit_reserve(parts * 7 + shares, parts + 1, cost)
    lost = commission_of(at, -shares, cost) - shares * at
    assert lost <= both - others


def test_slippage_is_against_the_order_and_grows_with_its_share_of_volume() -> None:
    assert slipped(100_0000, 10, 1, 0, 1_000) == 100_0100
    assert slipped(100_0000, -10, 1, 0, 1_000) == 99_9900
    assert slipped(100_0000, 500, 0, 100, 1_000) == 100_5000
    assert slipped(100_0000, 5_000, 0, 100, 1_000) == 101_0000, "at most all of it"
    assert slipped(1, -10, 10_000, 0, 1) == 1, "never below one unit"
