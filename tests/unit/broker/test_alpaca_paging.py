"""Long lists come whole: no gap and no double, wherever a page ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.broker.alpaca.orders import order_of
from connectors.broker.alpaca.paging import fills_by_page, merged, orders_by_page
from connectors.broker.errors import BrokerAnswerUnusable
from tests.unit.broker.test_alpaca_fills import ACTIVITY
from tests.unit.broker.test_alpaca_orders import GOOD

BEGAN = datetime(2026, 3, 16, 14, 0, tzinfo=UTC)
SIZE = 5


def placed(number: int, nanos: int, legs: int = 0) -> dict[str, Any]:
    """Return an order that was placed so many nanoseconds after the beginning."""
    at = (BEGAN + timedelta(microseconds=nanos // 1_000)).isoformat(timespec="microseconds")
    named = [leg(f"{number}/{n}") for n in range(legs)]
    stamp = at.replace("+00:00", f"{nanos % 1_000:03d}Z")
    return GOOD | {"id": str(number), "client_order_id": f"c{number}", "submitted_at": stamp,
                   "legs": named or None}  # fmt: skip


def leg(name: str) -> dict[str, Any]:
    return GOOD | {"id": name, "client_order_id": name}


def exact(stamp: str) -> tuple[datetime, int]:
    """Return a time to the nanosecond."""
    digits = stamp.rstrip("Z").partition(".")[2].ljust(9, "0")
    return datetime.fromisoformat(stamp), int(digits[6:9])


class Pages:
    """Answers like Alpaca: times are compared to the nanosecond, `after` is left out itself."""

    def __init__(self, orders: list[dict[str, Any]], *, legs_count: bool) -> None:
        self._orders = sorted(orders, key=lambda order: exact(order["submitted_at"]))
        self._legs_count = legs_count
        self.asked = 0

    def __call__(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        self.asked += 1
        after = exact(params["after"]) if "after" in params else None
        left, page = params["limit"], []
        for order in self._orders:
            if after is None or exact(order["submitted_at"]) > after:
                left -= 1 + (len(order["legs"] or []) if self._legs_count else 0)
                if left < 0:
                    break
                page.append(order)
        return page


@given(
    st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 2)), max_size=40), st.booleans()
)  # fmt: skip
def test_orders_come_whole(drawn: list[tuple[int, int]], legs_count: bool) -> None:
    orders = [placed(n, nanos, legs) for n, (nanos, legs) in enumerate(drawn)]
    pages = Pages(orders, legs_count=legs_count)
    size = SIZE * 20  # larger than what has one microsecond
    found = [order.id for order in orders_by_page(pages, "all", BEGAN, size)]
    assert sorted(found) == sorted(order["id"] for order in orders)


@given(st.lists(st.integers(0, 30), unique=True, max_size=30))
def test_orders_come_whole_by_small_pages(micros: list[int]) -> None:
    orders = [placed(n, micro * 1_000 + 7) for n, micro in enumerate(micros)]
    pages = Pages(orders, legs_count=False)
    found = [order.id for order in orders_by_page(pages, "all", BEGAN, SIZE)]
    by_time = sorted(orders, key=lambda order: exact(order["submitted_at"]))
    assert found == [order["id"] for order in by_time]


def test_orders_of_one_moment_at_the_edge_of_a_page() -> None:
    moments = [0, 1_000, 2_000, 3_001, 3_002, 3_003, 3_004, 5_000]
    orders = [placed(n, nanos) for n, nanos in enumerate(moments)]
    found = orders_by_page(Pages(orders, legs_count=False), "all", BEGAN, SIZE)
    assert [order.id for order in found] == list("01234567")


def test_an_order_placed_at_the_moment_asked_about_is_told() -> None:
    found = orders_by_page(Pages([placed(1, 0)], legs_count=False), "all", BEGAN)
    assert [order.id for order in found] == ["1"]


def test_more_orders_of_one_moment_than_a_page_has_are_said_not_lost() -> None:
    orders = [placed(n, 5_000) for n in range(SIZE + 2)]
    with pytest.raises(BrokerAnswerUnusable, match="end"):
        orders_by_page(Pages(orders, legs_count=False), "all", BEGAN, SIZE)


def test_a_page_of_rows_that_are_left_out_is_not_the_end() -> None:
    odd = [placed(n, n * 1_000) | {"side": "swap"} for n in range(SIZE)]
    orders = [*odd, placed(7, 9_000)]
    found = orders_by_page(Pages(orders, legs_count=False), "all", BEGAN, SIZE)
    assert [order.id for order in found] == ["7"]


def test_one_page_is_one_question() -> None:
    pages = Pages([placed(n, n * 1_000) for n in range(SIZE - 1)], legs_count=False)
    orders_by_page(pages, "open", None, SIZE)
    assert pages.asked == 1


def test_the_last_word_on_an_order_counts_and_legs_stand_below_their_entry() -> None:
    first = [order_of(placed(2, 9_000)), order_of(leg("1/0"))]
    second = [order_of(placed(1, 1_000, legs=1)),
              order_of(placed(2, 9_000) | {"status": "filled", "filled_qty": "10"})]  # fmt: skip
    found = merged(first, second)
    assert [(order.id, order.status) for order in found] == [
        ("1", "PARTIALLY_FILLED"), ("2", "FILLED"),
    ]  # fmt: skip


def executed(number: int) -> dict[str, Any]:
    return ACTIVITY | {"id": f"2022020213550998{number % 10}::x{number:04d}"}


@pytest.mark.parametrize("count", [0, 1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE])
def test_fills_come_whole(count: int) -> None:
    rows = [executed(n) for n in range(count)]

    def ask(params: dict[str, Any]) -> list[dict[str, Any]]:
        ids = [row["id"] for row in rows]
        first = ids.index(params["page_token"]) + 1 if "page_token" in params else 0
        return rows[first : first + params["page_size"]]

    found = fills_by_page(ask, BEGAN, SIZE)
    assert [fill.execution_id for fill in found] == [f"x{n:04d}" for n in range(count)]


def test_a_fill_that_is_told_twice_is_one() -> None:
    rows = [executed(1), executed(1), executed(2)]
    assert len(fills_by_page(lambda _: rows, BEGAN)) == 2


def test_pages_that_repeat_are_refused() -> None:
    rows = [executed(n) for n in range(SIZE)]
    with pytest.raises(BrokerAnswerUnusable, match="end"):
        fills_by_page(lambda _: rows, BEGAN, SIZE)
