"""Legs in every kind of bar: which of the two comes first, and what the entry's own bar tells."""

import pytest

from connectors.broker.simulated.exchange import SimulatedExchange
from connectors.broker.values import Bracket, NewOrder, Replacement
from operators.params import FillParams
from tests.unit.broker.rows import CLOSES, FREE, D, Row, bar, exchange, fills, flat, minute, order

NEXT_OPEN = FillParams(model="next_open", slippage_bps=0, commission_per_share=0)
LEGS = Bracket(stop=95 * D, target=110 * D)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ((100, 111, 94, 100, 99), 95),  # both within: which came first is not known
        ((112, 113, 94, 100, 99), 112),  # the target at the open
        ((93, 111, 92, 100, 99), 93),  # the stop at the open
        ((100, 111, 96, 100, 99), 110),
        ((100, 109, 96, 100, 99), None),
    ],
)
def test_of_two_legs_the_first_is_filled_and_of_equals_the_stop(
    row: Row, expected: float | None
) -> None:
    made = entered()
    told = made.bar(bar(1, row))
    assert fills(told) == ([] if expected is None else [(10, expected)])
    assert [u.kind for u in told] == ([] if expected is None else ["FILLED", "CANCELLED"])


@pytest.mark.parametrize(
    ("params", "asked", "row", "expected"),
    [
        # In at the close: nothing of the bar comes after it.
        (FREE, order(bracket=LEGS), (100, 111, 94, 100, 99), [100]),
        (FREE, order(bracket=LEGS), (100, 111, 93, 94, 99), [94]),
        # In at the open: all of the bar does.
        (NEXT_OPEN, order(bracket=LEGS), (100, 101, 94, 96, 99), [100, 95]),
        (NEXT_OPEN, order(bracket=LEGS), (100, 111, 96, 100, 99), [100, 110]),
        (FREE, order(kind="LIMIT", limit=101, bracket=LEGS), (100, 101, 94, 96, 99), [100, 95]),
        # In somewhere between: only the close does.
        (FREE, order(kind="LIMIT", limit=99, bracket=LEGS), (100, 111, 94, 100, 99), [99]),
        (FREE, order(kind="LIMIT", limit=99, bracket=LEGS), (100, 101, 93, 94, 99), [99, 94]),
    ],
)  # fmt: skip
def test_legs_meet_what_of_a_bar_comes_after_their_entry(
    params: FillParams, asked: NewOrder, row: Row, expected: list[float]
) -> None:
    made = exchange(params)
    made.submit(asked, minute(0))
    assert [price for _, price in fills(made.bar(bar(0, row)))] == expected


def test_legs_meet_the_next_bar_when_their_entry_s_came_late() -> None:
    made = exchange(NEXT_OPEN)
    made.submit(order(bracket=LEGS), minute(0))
    made.advance(minute(1.2))
    made.bar(bar(0, flat(100)))
    assert fills(made.bar(bar(1, (100, 101, 94, 96, 99)))) == [(10, 95)]


def test_a_short_position_has_its_legs_the_other_way_round() -> None:
    made = exchange(short=True)
    made.submit(order("SELL", bracket=Bracket(stop=105 * D, target=90 * D)), minute(0))
    made.bar(bar(0, flat(100)))
    assert fills(made.bar(bar(1, (100, 101, 89, 95, 99)))) == [(10, 90)]
    assert made.positions() == []


def test_a_stop_needs_no_target() -> None:
    made = exchange()
    placed = made.submit(order(bracket=Bracket(stop=95 * D)), minute(0))[0].order
    assert [leg.type for leg in placed.legs] == ["STOP"]
    made.bar(bar(0, flat(100)))
    assert fills(made.bar(bar(1, flat(94)))) == [(10, 94)]


def test_waiting_legs_are_told_with_their_entry_and_working_ones_beside_it() -> None:
    made = exchange()
    placed = made.submit(order(bracket=LEGS), minute(0))[0].order
    assert [leg.word for leg in placed.legs] == ["held", "held"]
    assert [o.id for o in made.orders()] == [placed.id]
    told = made.bar(bar(0, flat(100)))
    assert [(u.kind, u.order.word) for u in told[1:]] == [("ACCEPTED", "new")] * 2
    assert [o.id for o in made.orders()] == [leg.id for leg in placed.legs]


def test_legs_end_together_when_one_is_cancelled() -> None:
    made = entered()
    stop, target = made.orders()
    assert [u.order.id for u in made.cancel(stop.id, minute(1))] == [stop.id, target.id]
    assert made.orders() == []
    assert made.positions()[0].qty == 10


def test_a_stop_is_moved() -> None:
    made = entered()
    stop, target = made.orders()
    new = made.replace(stop.id, Replacement(client_order_id="b", stop=98 * D), minute(1))[-1].order
    assert [leg.id for leg in made.order_of("a").legs] == [new.id, target.id]
    told = made.bar(bar(1, (100, 101, 97, 99, 99)))
    assert fills(told) == [(10, 98)]
    assert [u.order.id for u in told] == [new.id, target.id]
    assert [o.id for o in made.orders(since=minute(1))] == [new.id]
    assert stop.id in [o.id for o in made.orders(since=minute(0))]


def test_an_entry_is_replaced_with_its_legs() -> None:
    made = exchange()
    old = made.submit(order(kind="LIMIT", limit=97, bracket=LEGS), minute(0))[0].order
    changes = Replacement(client_order_id="b", qty=4, limit=98 * D)
    new = made.replace(old.id, changes, minute(0))[-1].order
    assert [leg.qty for leg in new.legs] == [4, 4]
    made.bar(bar(0, (98, 99, 98, 99, 99)))
    assert fills(made.bar(bar(1, (98, 99, 94, 99, 99)))) == [(4, 95)]
    assert made.orders() == []


def test_what_an_entry_has_of_its_shares_is_kept_for_its_legs() -> None:
    made = exchange(participation_bps=1_000)
    placed = made.submit(order(bracket=LEGS), minute(0))[0].order
    made.bar(bar(0, flat(100, volume=40)))
    assert [leg.word for leg in made.order(placed.id).legs] == ["held", "held"]
    with pytest.raises(Exception, match="available: 0"):
        made.submit(order("SELL", qty=1, client_order_id="b"), minute(1))
    made.cancel(placed.id, minute(1))
    assert [leg.qty for leg in made.order(placed.id).legs] == [4, 4]


def test_day_legs_expire_and_leave_the_position() -> None:
    made = entered()
    assert [u.kind for u in made.advance(CLOSES)] == ["EXPIRED", "EXPIRED"]
    assert made.positions()[0].qty == 10


def test_an_entry_in_parts_expires_with_the_legs_that_it_leaves() -> None:
    made = exchange(participation_bps=1_000)
    made.submit(order(bracket=LEGS), minute(0))
    made.bar(bar(0, flat(100, volume=40)))
    told = [(u.kind, u.order.qty) for u in made.advance(CLOSES)]
    assert told == [
        ("EXPIRED", 10), ("ACCEPTED", 4), ("ACCEPTED", 4), ("EXPIRED", 4), ("EXPIRED", 4),
    ]  # fmt: skip


def entered() -> SimulatedExchange:
    """Return an exchange with ten shares, a stop and a target, from 10:01."""
    made = exchange()
    made.submit(order(bracket=LEGS), minute(0))
    made.bar(bar(0, flat(100)))
    return made
