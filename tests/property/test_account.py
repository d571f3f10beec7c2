"""The account: every unit is somewhere, and parts of a trade add up to the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.params import FillParams
from operators.trading.account import Account, Fill
from operators.trading.fills import commission, fill_price, resting_price

START = 10**10
qty = st.integers(1, 10_000)
price = st.integers(1, 10**8)
fee = st.integers(0, 10**5)


@given(qty, price, fee, st.lists(st.tuples(qty, price, fee), max_size=6), price, st.booleans())
def test_partial_closes_add_up(
    bought: int,
    entry: int,
    fee_in: int,
    sales: list[tuple[int, int, int]],
    last: int,
    short: bool,
) -> None:
    side = -1 if short else 1
    account = Account(START)
    account.apply(Fill(0, "A", side * bought, entry, fee_in, "t", "", "e"))
    left, profits = bought, 0
    for wanted, at, cost in [*sales, (bought, last, 0)]:
        part = min(wanted, left)
        if part:
            left -= part
            profits += account.apply(Fill(1, "A", -side * part, at, cost, "t", "", "e")) or 0
        assert account.equity == account.cash + sum(
            p.qty * account.marks[t] for t, p in account.positions.items()
        )
    assert not account.positions
    assert account.value == account.gross == 0
    assert account.cash == account.equity == START + profits
    assert profits == account.realized


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(-50, 50).filter(bool), price)), price)
def test_marks_move_equity_exactly(fills: list[tuple[str, int, int]], mark: int) -> None:
    account = Account(START)
    for ticker, shares, at in fills:
        held = account.positions.get(ticker)
        if held and (held.qty > 0) != (shares > 0) and abs(shares) > abs(held.qty):
            shares = -held.qty
        account.mark(ticker, at)
        account.apply(Fill(0, ticker, shares, at, 0, "t", "", "e"))
        account.mark(ticker, mark)
    resumed = Account(0, account.snapshot())
    assert resumed.equity == account.equity
    assert resumed.gross == account.gross
    assert account.value == sum(p.qty * mark for p in account.positions.values())


bps = st.integers(0, 10_000)


@given(price, st.integers(-1000, 1000).filter(bool), st.integers(0, 2_000), bps, bps, bps)
def test_costs_are_never_in_your_favour(
    at: int, shares: int, volume: int, slip: int, by_volume: int, share: int
) -> None:
    params = FillParams(
        slippage_bps=slip, volume_slippage_bps=by_volume, commission_bps=share,
        commission_per_share=0,
    )  # fmt: skip
    filled = fill_price(at, shares, volume, params)
    assert filled >= 1
    assert filled >= at if shares > 0 else filled <= at
    assert abs(filled - at) <= at * (slip + by_volume) / 10_000 + 2
    paid = commission(filled, shares, params)
    assert 10_000 * paid >= abs(shares) * filled * share > 10_000 * (paid - 1)


@pytest.mark.parametrize(
    ("shares", "fee"),
    [
        (10_000, 0),
        (-1, 100 + 100),  # 0.0278 and 0.0166 cents: a cent each
        (-10_000, 28_000 + 16_600),  # 2.80 and 1.66 dollars
    ],
)
def test_fees_on_sales_are_whole_cents(shares: int, fee: int) -> None:
    params = FillParams(commission_per_share=0, sell_fee_ppm=28, sell_fee_per_1000=1_660)
    assert commission(10_0000, shares, params) == fee


@given(st.integers(0, 10), st.integers(0, 10), price, price)
def test_next_open_never_looks_back(decided: int, start: int, opening: int, close: int) -> None:
    found = resting_price(decided, start, opening, close, FillParams("next_open"))
    assert found == (opening if start >= decided else None)
