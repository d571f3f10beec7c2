"""The columnar account books as the desk's does, and keeps count of what waits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.units import MINUTE_US
from operators.columns.booking import apply, mark, meet, place
from operators.columns.records import (
    EVENT,
    FILL,
    IS_BAR,
    NONE,
    ORDER,
    RECORD,
    Books,
    Row,
    Rules,
    fresh_account,
    fresh_tickers,
    rules_of,
)
from operators.params import FillParams, Params
from operators.trading.account import Account, Fill

CASH = 10_000_000_000
STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(("open", "add", "part", "all")),
              st.integers(1, 500), st.integers(1, 5_000_000), st.integers(0, 9_999)),
    max_size=40,
)  # fmt: skip


def books() -> Books:
    tickers, days = fresh_tickers(3)
    none = np.zeros(0, np.int64)
    return Books(none, none, none, tickers, none, days, fresh_account(CASH), np.zeros(16, ORDER),
                 np.zeros(64, RECORD))  # fmt: skip


def rules(model: str = "close") -> Rules:
    fills = FillParams(model=model, slippage_bps=0)  # type: ignore[arg-type]  # one of the two
    return rules_of(Params(fills=fills), MINUTE_US)


@given(STEPS, st.sampled_from((1, -1)))
def test_it_books_as_the_desk_s_account_does(
    steps: list[tuple[int, str, int, int, int]], side: int
) -> None:
    account, b = Account(CASH), books()
    for stamp, (k, what, size, price, fee) in enumerate(steps, 1):
        ticker, held = f"T{k}", int(b.tickers["qty"][k])
        qty = side * size if what in ("open", "add") else -min(abs(held), size) * side
        qty = -held if what == "all" else qty
        if not qty:
            continue
        account.mark(ticker, price)
        mark(b.account[0], b.tickers[k], price)
        pnl = account.apply(Fill(stamp, ticker, qty, price, fee, "trd", "sig", f"exe-{stamp}"))
        assert apply(b, k, stamp, qty, price, fee, 7) == (NONE if pnl is None else pnl)
        row, position = b.tickers[k], account.positions.get(ticker)
        held_now = (position.qty, position.cost, position.fees) if position else (0, 0, 0)
        assert (row["qty"], row["cost"]) == held_now[:2]
        assert position is None or row["fees"] == held_now[2]
        s = b.account[0]
        assert (s["cash"], s["value"], s["gross"], s["realized"], s["held"]) == (
            account.cash, account.value, account.gross, account.realized, len(account.positions),
        )  # fmt: skip


def event(k: int, opening: int, close: int, stamp: int, start: int) -> Row:
    rows = np.zeros(1, EVENT)
    prices = (opening, max(opening, close), min(opening, close), close)
    rows[0] = (stamp, k, *prices, 1_000, start, IS_BAR, 0, 0)
    return np.rec.array(rows)[0]


@pytest.mark.parametrize(("model", "price"), [("close", 30_0000), ("next_open", 20_0000)])
def test_an_order_waits_for_the_bar_that_fills_it(model: str, price: int) -> None:
    b, fills = books(), rules(model)
    place(b, fills, 0, 5, 1, 10, 40_0000, NONE, 0)
    s = b.account[0]
    assert (s["waiting"], s["entering"], s["reserved"]) == (1, 1, 400_0000)
    assert b.tickers["entries"].tolist() == [0, 1, 0]
    meet(b, fills, 1, event(2, 1, 1, 6, 5))
    assert s["waiting"] == 1, "another ticker's bar"
    meet(b, fills, 2, event(1, 20_0000, 30_0000, 7, 6))
    assert (s["waiting"], s["entering"], s["reserved"], s["held"]) == (0, 0, 0, 1)
    filled = b.out[s["written"] - 1]
    assert (filled["kind"], filled["qty"], filled["price"]) == (FILL, 10, price)


def test_next_open_leaves_a_bar_that_began_before_the_decision() -> None:
    b, fills = books(), rules("next_open")
    place(b, fills, 0, 5, 1, 10, 40_0000, NONE, 0)
    meet(b, fills, 1, event(1, 20_0000, 30_0000, 7, 4))
    assert b.account[0]["waiting"] == 1


def test_what_waits_keeps_its_order_when_another_is_filled() -> None:
    b, fills = books(), rules()
    for k in (0, 1, 2):
        place(b, fills, 0, 5, k, 10, 40_0000, NONE, 0)
    meet(b, fills, 1, event(1, 20_0000, 20_0000, 7, 6))
    assert b.orders["ticker"][: b.account[0]["waiting"]].tolist() == [0, 2]
