"""What waits for a ticker when one of its fills turns out to have been another."""

import pytest

from operators.trading.account import Position
from operators.trading.corrections import misfits
from operators.trading.orders import Order


def order(id_: str, qty: int, trade: str = "t", *, enters: bool = False) -> Order:
    return Order(id_, "AAA", qty, 0, 0, 1 if enters else 0, 5, "s", trade, 1_0000)


def position(qty: int) -> Position:
    return Position(qty, qty * 1_0000, 0, 1, "t", "s", "e", 1, 1, 1, 1)


LEAVE, HALF, SECOND = order("x", -10), order("y", -4), order("z", -6)
MORE, OTHER = order("m", 5, enters=True), order("n", 5, "u", enters=True)


@pytest.mark.parametrize(
    ("orders", "held", "wrong"),
    [
        ([], 10, []),
        ([LEAVE], 10, []),
        ([LEAVE], 9, [LEAVE]),
        ([LEAVE], 11, [LEAVE]),
        ([LEAVE], 0, [LEAVE]),
        ([LEAVE], -10, [LEAVE]),
        ([HALF, SECOND], 10, []),
        ([HALF, SECOND], 9, [HALF, SECOND]),
        ([MORE], 10, []),  # of the round trip that is open
        ([OTHER], 10, [OTHER]),  # decided on when nothing was held
        ([OTHER], 0, []),
        ([LEAVE, OTHER], 10, [OTHER]),
        ([LEAVE, OTHER], 3, [LEAVE, OTHER]),
    ],
)
def test_orders_that_cannot_stay(orders: list[Order], held: int, wrong: list[Order]) -> None:
    assert misfits(orders, position(held) if held else None) == wrong
