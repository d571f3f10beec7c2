"""What bars do to orders: small tables of open, high, low, close and volume, and the fills."""

from typing import Any

import pytest

from connectors.broker.values import NewOrder
from operators.params import FillParams
from tests.unit.broker.rows import CASH, D, Row, bar, exchange, fills, flat, minute, order

NEXT_OPEN = FillParams(model="next_open", slippage_bps=0, commission_per_share=0)

CASES: list[tuple[str, NewOrder, list[Row], list[tuple[int, float]]]] = [
    ("a market order at the close", order(), [(101, 103, 100, 102, 99)], [(10, 102)]),
    ("a limit at the limit", order(kind="LIMIT", limit=99), [(100, 101, 98, 100, 99)], [(10, 99)]),
    ("a limit that is just reached", order(kind="LIMIT", limit=99), [(100, 101, 99, 100, 99)],
     [(10, 99)]),
    ("a limit that is not reached", order(kind="LIMIT", limit=99), [(100, 101, 99.01, 100, 99)],
     []),
    ("a limit at a better open", order(kind="LIMIT", limit=99), [(97, 101, 96, 100, 99)],
     [(10, 97)]),
    ("a limit above the market", order(kind="LIMIT", limit=105), [(100, 101, 99, 100, 99)],
     [(10, 100)]),
    ("a sale's limit", order("SELL", kind="LIMIT", limit=101), [(100, 102, 99, 100, 99)],
     [(10, 101)]),
    ("a sale's limit at a better open", order("SELL", kind="LIMIT", limit=101),
     [(103, 104, 99, 100, 99)], [(10, 103)]),
    ("a sale's stop", order("SELL", kind="STOP", stop=98), [(100, 101, 97, 100, 99)], [(10, 98)]),
    ("a sale's stop at a worse open", order("SELL", kind="STOP", stop=98),
     [(95, 99, 94, 96, 99)], [(10, 95)]),
    ("a sale's stop that is not met", order("SELL", kind="STOP", stop=98),
     [(100, 101, 98.01, 99, 99)], []),
    ("a purchase's stop", order(kind="STOP", stop=102), [(100, 103, 99, 100, 99)], [(10, 102)]),
    ("a purchase's stop at a worse open", order(kind="STOP", stop=102),
     [(105, 106, 99, 100, 99)], [(10, 105)]),
    ("a stop-limit between its prices", order(kind="STOP_LIMIT", stop=102, limit=103),
     [(100, 104, 99, 100, 99)], [(10, 102)]),
    ("a stop-limit at an open between its prices",
     order(kind="STOP_LIMIT", stop=102, limit=104), [(103, 105, 102, 104, 99)], [(10, 103)]),
    ("a stop-limit passed at the open that comes back",
     order(kind="STOP_LIMIT", stop=102, limit=103), [(105, 106, 102, 104, 99)], [(10, 103)]),
    ("a stop-limit passed for good", order(kind="STOP_LIMIT", stop=102, limit=103),
     [(105, 106, 104, 105, 99)], []),
    ("a stop-limit passed, then met", order(kind="STOP_LIMIT", stop=102, limit=103),
     [(105, 106, 104, 105, 99), (104, 105, 102, 103, 99)], [(10, 103)]),
    ("a stop-limit with its limit before the stop, whose low may have come first",
     order(kind="STOP_LIMIT", stop=102, limit=101), [(100, 103, 99, 102, 99)], []),
    ("a stop-limit with its limit before the stop, passed by the close",
     order(kind="STOP_LIMIT", stop=102, limit=101), [(100, 103, 99, 100, 99)], [(10, 101)]),
    ("a sale's stop-limit", order("SELL", kind="STOP_LIMIT", stop=98, limit=97),
     [(100, 101, 95, 96, 99)], [(10, 98)]),
]  # fmt: skip


def names(value: Any) -> str:
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize(("what", "asked", "rows", "expected"), CASES, ids=names)
def test_bars_meet_orders(
    what: str, asked: NewOrder, rows: list[Row], expected: list[tuple[int, float]]
) -> None:
    made = exchange(short=True)
    made.submit(asked, minute(0))
    told = [update for n, row in enumerate(rows) for update in made.bar(bar(n, row))]
    assert fills(told) == expected


def test_the_next_open_is_that_of_the_first_bar_that_starts_later() -> None:
    made = exchange(NEXT_OPEN)
    made.submit(order(), minute(0.5))
    assert fills(made.bar(bar(0, flat(101)))) == []
    assert fills(made.bar(bar(1, (102, 104, 101, 103, 99)))) == [(10, 102)]


@pytest.mark.parametrize(
    ("params", "close", "expected"),
    [
        (FillParams(slippage_bps=0, commission_per_share=0), 100, []),
        (FillParams(slippage_bps=0, commission_per_share=0), 98, [(10, 98)]),
        (NEXT_OPEN, 98, []),
    ],
)
def test_of_a_bar_that_began_before_the_order_only_its_close_is_known_to_be_later(
    params: FillParams, close: float, expected: list[tuple[int, float]]
) -> None:
    made = exchange(params)
    made.submit(order(kind="LIMIT", limit=99), minute(0.5))
    assert fills(made.bar(bar(0, (97, 101, 96, close, 99)))) == expected


def test_market_and_stop_orders_slip_and_limits_do_not() -> None:
    costly = FillParams(slippage_bps=10, commission_per_share=0)
    for asked, price in (
        (order(), 100.1),
        (order("SELL"), 99.9),
        (order(kind="LIMIT", limit=100), 100),
        (order("SELL", kind="STOP", stop=100), 99.9),
        (order(kind="STOP_LIMIT", stop=100, limit=101), 100),
    ):
        made = exchange(costly, short=True)
        made.submit(asked, minute(0))
        assert fills(made.bar(bar(0, flat(100)))) == [(10, price)]


def test_a_share_of_the_volume_is_filled_first_come_first_served() -> None:
    made = exchange(participation_bps=1_000)
    made.submit(order(qty=6, client_order_id="first"), minute(0))
    made.submit(order(qty=6, client_order_id="second"), minute(0))
    told = made.bar(bar(0, flat(100, volume=80)))
    assert [(u.order.client_order_id, u.kind, u.order.filled) for u in told] == [
        ("first", "FILLED", 6), ("second", "PARTIALLY_FILLED", 2),
    ]  # fmt: skip
    assert fills(made.bar(bar(1, flat(101, volume=9)))) == []
    assert fills(made.bar(bar(2, flat(102, volume=100)))) == [(4, 102)]


def test_a_stop_that_is_filled_in_part_goes_on_as_a_market_order() -> None:
    made = exchange(participation_bps=1_000, short=True)
    made.submit(order("SELL", kind="STOP", stop=98), minute(0))
    assert fills(made.bar(bar(0, (100, 100, 97, 99, 40)))) == [(4, 98)]
    assert fills(made.bar(bar(1, flat(105)))) == [(6, 105)]


def test_a_stop_is_met_by_a_bar_without_room_too() -> None:
    made = exchange(participation_bps=1_000, short=True)
    made.submit(order("SELL", kind="STOP", stop=98), minute(0))
    assert fills(made.bar(bar(0, (100, 100, 97, 99, 0)))) == []
    assert fills(made.bar(bar(1, flat(105)))) == [(10, 105)]


@pytest.mark.parametrize(
    ("asked", "row", "filled"),
    [
        (order(time_in_force="IOC"), flat(100, volume=40), 4),
        (order(time_in_force="IOC"), flat(100, volume=0), 0),
        (order(kind="LIMIT", limit=99, time_in_force="IOC"), flat(100), 0),
    ],
)
def test_an_ioc_order_ends_with_the_first_bar_that_it_could_meet(
    asked: NewOrder, row: Row, filled: int
) -> None:
    made = exchange(participation_bps=1_000)
    made.submit(asked, minute(0))
    last = made.bar(bar(0, row))[-1]
    assert (last.kind, last.order.filled) == ("CANCELLED", filled)


def test_an_ioc_order_waits_for_the_first_bar_that_starts_later() -> None:
    made = exchange(NEXT_OPEN)
    made.submit(order(time_in_force="IOC"), minute(0.5))
    assert made.bar(bar(0, flat(100))) == []
    assert fills(made.bar(bar(1, flat(101)))) == [(10, 101)]


def test_bars_that_are_revised_repeated_late_or_filled_in_fill_nothing() -> None:
    made = exchange()
    made.submit(order(), minute(0))
    assert made.bar(bar(0, flat(101), revision=1)) == []
    assert made.bar(bar(-1, flat(101))) == []
    assert made.bar(bar(-3, flat(101))) == []
    assert made.bar(bar(0, flat(102), backfilled=True)) == []
    assert fills(made.bar(bar(1, flat(103)))) == [(10, 103)]


def test_what_fills_cost_is_paid_from_the_cash() -> None:
    costly = FillParams(slippage_bps=0, commission_per_share=50, sell_fee_ppm=28)
    made = exchange(costly)
    made.submit(order(), minute(0))
    made.bar(bar(0, flat(100)))
    made.submit(order("SELL", client_order_id="b"), minute(1))
    made.bar(bar(1, flat(110)))
    bought, sold = made.commissions(minute(0)).values()
    assert (bought, sold) == (500, 500 + 400)  # 0.0308 dollars, rounded up to 4 cents
    assert made.account().cash == CASH + 100 * D - bought - sold


def test_a_position_is_turned_by_one_fill() -> None:
    made = exchange(short=True)
    made.submit(order("SELL", kind="LIMIT", limit=100, qty=15, client_order_id="short"), minute(0))
    made.halt("AAA", minute(0))
    made.submit(order(qty=10), minute(0))
    made.resume("AAA", minute(1))
    made.bar(bar(1, flat(99)))  # the purchase alone
    assert [(int(p.qty), int(p.average)) for p in made.positions()] == [(10, 99)]
    made.bar(bar(2, flat(100)))
    assert [(int(p.qty), int(p.average)) for p in made.positions()] == [(-5, 100)]
    account = made.account()
    assert account.equity == account.cash - 500 * D == CASH + 10 * D
