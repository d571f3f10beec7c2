"""The account: every unit is somewhere, and parts of a trade add up to the whole."""

from hypothesis import given
from hypothesis import strategies as st

from operators.account import Account, Fill
from operators.fills import commission, fill_price, resting_price
from operators.params import FillParams

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


@given(price, st.integers(-1000, 1000).filter(bool), st.integers(0, 10_000), st.integers(0, 10_000))
def test_costs_are_never_in_your_favour(at: int, shares: int, slip: int, bps: int) -> None:
    params = FillParams(slippage_bps=slip, commission_bps=bps, commission_per_share=0)
    filled = fill_price(at, shares, params)
    assert filled >= 1
    assert filled >= at if shares > 0 else filled <= at
    paid = commission(filled, shares, params)
    assert 10_000 * paid >= abs(shares) * filled * bps > 10_000 * (paid - 1)


@given(st.integers(0, 10), st.integers(0, 10), price, price)
def test_next_open_never_looks_back(decided: int, start: int, opening: int, close: int) -> None:
    found = resting_price(decided, start, opening, close, FillParams("next_open"))
    assert found == (opening if start >= decided else None)
