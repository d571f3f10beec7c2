"""The order book: reservations, parts, ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.trading.orders import Order, OrderBook


def order(id_: str = "o", qty: int = 100, reserve: int = 5, ticker: str = "AAA") -> Order:
    return Order(id_, ticker, qty, 0, 0, reserve, 1, "s", "t", 7)


def test_an_entry_reserves_what_is_still_open() -> None:
    book = OrderBook()
    book.place(order())
    book.place(order("x", -50, 0))
    assert (book.reserved(), book.entering(), book.is_exiting("AAA")) == (500, {"AAA"}, True)
    assert [o.id for o in book.of("AAA")] == ["o", "x"]
    after, status = book.fill("o", 30)
    assert (after.filled, after.fills, after.open, status) == (30, 1, 70, "PARTIALLY_FILLED")
    assert book.reserved() == 350
    after, status = book.fill("o", 70)
    assert (after.open, after.fills, status) == (0, 2, "FILLED")
    assert (book.reserved(), book.entering(), book.entries("AAA")) == (0, set(), 0)
    book.end("x")
    assert len(book) == 0


@pytest.mark.parametrize("qty", [0, -1, 101])
def test_a_fill_beyond_the_order_is_refused(qty: int) -> None:
    book = OrderBook([order()])
    with pytest.raises(ValueError, match="has 100 shares open"):
        book.fill("o", qty)
    assert book.open_orders() == [order()]


def test_a_fill_of_an_order_that_is_not_open_is_refused() -> None:
    with pytest.raises(KeyError):
        OrderBook().fill("o", 1)


@given(parts=st.lists(st.integers(1, 40), min_size=1), short=st.booleans())
def test_any_parts_end_filled_exactly_once(parts: list[int], short: bool) -> None:
    side, whole = (-1 if short else 1), sum(parts)
    book, statuses = OrderBook([order(qty=side * whole)]), []
    for part in parts:
        after, status = book.fill("o", side * part)
        statuses.append(status)
        assert book.reserved() == 5 * abs(after.open)
    assert statuses == ["PARTIALLY_FILLED"] * (len(parts) - 1) + ["FILLED"]
    assert len(book) == 0
