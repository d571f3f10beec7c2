"""Sessions, halts, and time that is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.broker.errors import OrderRefused
from tests.unit.broker.rows import BEGINS, CLOSES, bar, exchange, fills, flat, minute, order

THANKSGIVING_FRIDAY = datetime(2025, 11, 28, 18, 0, tzinfo=UTC)  # a half day's close
AFTER = int((CLOSES - BEGINS).total_seconds()) // 60  # the minute that begins at the close
NEXT_DAY = 24 * 60


@pytest.mark.parametrize(
    ("placed", "values", "ends"),
    [
        (BEGINS, {}, CLOSES),
        (CLOSES - timedelta(microseconds=1), {}, CLOSES),
        (CLOSES, {}, CLOSES + timedelta(days=1)),
        (datetime(2025, 3, 14, 21, 0, tzinfo=UTC), {}, datetime(2025, 3, 17, 20, 0, tzinfo=UTC)),
        (THANKSGIVING_FRIDAY - timedelta(hours=1), {}, THANKSGIVING_FRIDAY),
        (BEGINS, {"extended_hours": True}, CLOSES + timedelta(hours=4)),
        (CLOSES + timedelta(hours=1), {"extended_hours": True}, CLOSES + timedelta(hours=4)),
    ],
)
def test_a_day_order_expires_at_the_close(
    placed: datetime, values: dict[str, Any], ends: datetime
) -> None:
    made = exchange(seen=False)
    made.submit(order(kind="LIMIT", limit=90, **values), placed)
    assert made.advance(ends - timedelta(microseconds=1)) == []
    (told,) = made.advance(ends + timedelta(hours=1))
    assert (told.kind, told.at, told.word) == ("EXPIRED", ends, "expired")


def test_a_session_s_last_bar_comes_before_its_orders_expire() -> None:
    made = exchange()
    made.submit(order(kind="LIMIT", limit=99), minute(0))
    made.submit(order(kind="LIMIT", limit=99, ticker="BBB", client_order_id="b"), minute(0))
    made.submit(order(kind="LIMIT", limit=90, client_order_id="c"), minute(0))
    assert fills(made.bar(bar(AFTER - 1, flat(98)))) == [(10, 98)]
    assert fills(made.bar(bar(AFTER - 1, flat(98), "BBB"))) == [(10, 98)]
    assert [u.kind for u in made.advance(CLOSES)] == ["EXPIRED"]


def test_a_later_bar_says_that_a_session_is_over() -> None:
    made = exchange()
    made.submit(order(kind="LIMIT", limit=99), minute(0))
    told = made.bar(bar(NEXT_DAY, flat(98)))
    assert [(u.kind, u.at) for u in told] == [("EXPIRED", CLOSES)]


def test_an_order_good_till_cancelled_goes_on() -> None:
    made = exchange()
    made.submit(order(kind="LIMIT", limit=99, time_in_force="GTC"), minute(0))
    assert made.advance(CLOSES) == []
    assert fills(made.bar(bar(NEXT_DAY, flat(98)))) == [(10, 98)]


def test_an_ioc_order_that_met_no_bar_is_cancelled_at_the_close() -> None:
    made = exchange()
    made.submit(order(time_in_force="IOC"), minute(0))
    assert [u.kind for u in made.advance(CLOSES)] == ["CANCELLED"]


def test_only_orders_for_extended_hours_meet_bars_outside_the_session() -> None:
    made = exchange()
    made.advance(CLOSES)
    made.submit(order(), CLOSES)
    made.submit(order(kind="LIMIT", limit=99, extended_hours=True, client_order_id="late"), CLOSES)
    told = made.bar(bar(AFTER, flat(98)))
    assert [(u.kind, u.order.client_order_id) for u in told] == [("FILLED", "late")]
    assert fills(made.bar(bar(NEXT_DAY, flat(97)))) == [(10, 97)]


def test_daily_bars_are_of_the_session() -> None:
    made = exchange(seen=False)
    made.submit(order(), CLOSES + timedelta(hours=1))
    start = datetime(2025, 3, 13, tzinfo=UTC) + timedelta(hours=4)
    daily = bar(
        0, flat(98), start=start, interval="1d", event_time=CLOSES + timedelta(days=1)
    )  # fmt: skip
    assert fills(made.bar(daily)) == [(10, 98)]


def test_time_does_not_go_back() -> None:
    made = exchange()
    made.advance(minute(10))
    (told,) = made.submit(order(), minute(0))
    assert told.at == minute(10)


def test_orders_for_a_halted_ticker_wait_for_bars_that_begin_after_it() -> None:
    made = exchange()
    made.submit(order(kind="LIMIT", limit=99), minute(0))
    assert made.halt("AAA", minute(0.2), "T1", "news pending") == []
    assert made.halted["AAA"].code == "T1"
    assert made.submit(order(client_order_id="b"), minute(0.5))[0].kind == "ACCEPTED"
    assert made.bar(bar(0, flat(98))) == []
    assert made.account().equity == made.account().cash
    made.resume("AAA", minute(1.5))
    told = made.bar(bar(1, (95, 101, 94, 100, 99)))  # began while it was halted: its close alone
    assert [(u.order.client_order_id, u.kind) for u in told] == [("b", "FILLED")]
    assert fills(made.bar(bar(2, flat(98)))) == [(10, 98)]


def test_a_hurried_order_does_not_wait_for_a_reopening() -> None:
    made = exchange()
    made.submit(order(time_in_force="IOC"), minute(0))
    assert [u.kind for u in made.halt("AAA", minute(0))] == ["CANCELLED"]
    told = made.submit(order(time_in_force="IOC", client_order_id="b"), minute(0))
    assert [u.kind for u in told] == ["ACCEPTED", "CANCELLED"]


def test_an_order_for_a_halted_ticker_is_cancelled() -> None:
    made = exchange()
    placed = made.submit(order(), minute(0))[0].order
    made.halt("AAA", minute(0))
    assert [u.kind for u in made.cancel(placed.id, minute(0))] == ["CANCELLED"]
    with pytest.raises(OrderRefused, match='already in "canceled" state'):
        made.cancel(placed.id, minute(0))
