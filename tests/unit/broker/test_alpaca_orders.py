"""Alpaca's orders: what is recorded parses, what is new is told, what is wrong is refused."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.broker.alpaca.numbers import read_json
from connectors.broker.alpaca.odd import LEFT_OUT
from connectors.broker.alpaca.orders import (
    ENDS,
    OPEN,
    asked,
    asked_instead,
    order_of,
    orders_of,
    status_of,
)
from connectors.broker.errors import BrokerAnswerUnusable
from connectors.broker.values import Bracket, NewOrder, Replacement

GOOD: dict[str, Any] = {
    "id": "61e69015-8549-4bfd-b9c3-01e75843f47d", "client_order_id": "ours", "symbol": "AAPL",
    "created_at": "2026-03-16T18:38:01.942282Z", "submitted_at": "2026-03-16T18:38:01.937734521Z",
    "updated_at": "2026-03-16T14:38:01.942282-04:00", "asset_class": "us_equity", "qty": "10",
    "filled_qty": "4", "filled_avg_price": "101.2345678", "order_class": "", "type": "limit",
    "order_type": "limit", "side": "buy", "time_in_force": "day", "limit_price": "101.5",
    "stop_price": None, "status": "partially_filled", "legs": None, "replaces": None,
    "replaced_by": None, "something_new": {"a": 1},
}  # fmt: skip


def changed(**fields: Any) -> dict[str, Any]:
    return GOOD | fields


def test_an_order_is_read_with_exact_numbers_and_unknown_fields_left_alone() -> None:
    order = order_of(GOOD)
    assert (order.qty, order.filled, order.average) == (10, 4, Decimal("101.2345678"))
    assert (order.limit, order.stop, order.type, order.side) == (1_015_000, None, "LIMIT", "BUY")
    assert (order.status, order.word, order.fractional) == (
        "PARTIALLY_FILLED", "partially_filled", False,
    )  # fmt: skip
    assert order.submitted_at == datetime(2026, 3, 16, 18, 38, 1, 937734, tzinfo=UTC)
    assert order.updated_at == datetime(2026, 3, 16, 18, 38, 1, 942282, tzinfo=UTC)
    assert (order.replaces, order.replaced_by, order.legs) == ("", "", ())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""), ("id", None), ("id", 7), ("client_order_id", None), ("symbol", None),
        ("side", "long"), ("side", None), ("status", None), ("status", ""), ("type", "iceberg"),
        ("time_in_force", None), ("qty", "0"), ("qty", "-1"), ("qty", "NaN"), ("qty", "Infinity"),
        ("qty", "1e400"), ("qty", "1_0"), ("qty", " 10"), ("qty", "\u0661"), ("qty", True),
        ("qty", []), ("qty", 1e300), ("filled_qty", None), ("filled_qty", "-1"),
        ("filled_qty", "11"), ("filled_qty", "NaN"), ("filled_avg_price", None),
        ("filled_avg_price", "0"), ("filled_avg_price", "-3"), ("filled_avg_price", "nan"),
        ("limit_price", "0"), ("limit_price", "-1"), ("limit_price", "1.00001"),
        ("limit_price", "inf"), ("limit_price", "1.00000000000000000000000000000000001"),
        ("stop_price", "0"), ("submitted_at", "2026-03-16T18:38:01"), ("submitted_at", "soon"),
        ("submitted_at", 5), ("updated_at", "0001-01-01T00:00:00+14:00"), ("legs", {"a": 1}),
        ("legs", ["x"]), ("legs", [{"id": "x"}]),
    ],
)  # fmt: skip
def test_a_value_that_means_nothing_is_refused(field: str, value: Any) -> None:
    with pytest.raises(BrokerAnswerUnusable, match="cannot be used"):
        order_of(changed(**{field: value}))


@pytest.mark.parametrize("body", [None, [], "order", 3, [GOOD]])
def test_what_is_no_order_is_refused(body: object) -> None:
    with pytest.raises(BrokerAnswerUnusable):
        order_of(body)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_json_that_is_none_is_judged_too(word: str) -> None:
    said = read_json(json.dumps(GOOD).replace('"101.5"', word))
    with pytest.raises(BrokerAnswerUnusable):
        order_of(said)


def test_numbers_may_be_json_numbers_and_stay_exact() -> None:
    said = read_json(json.dumps(GOOD).replace('"101.5"', "0.1").replace('"10"', "10"))
    order = order_of(said)
    assert (order.limit, order.qty) == (1_000, 10)


def test_every_status_has_its_place_and_a_new_one_is_unknown() -> None:
    for word in OPEN:
        assert status_of(word, Decimal(0)) == "ACCEPTED"
        assert status_of(word, Decimal(3)) == "PARTIALLY_FILLED"
    assert {word: status_of(word, Decimal(1)) for word in ENDS} == dict(ENDS)
    new = order_of(changed(status="pending_audit"))
    assert (new.status, new.word, new.ended) == ("UNKNOWN", "pending_audit", False)
    with pytest.raises(BrokerAnswerUnusable):
        order_of(changed(status="filled", filled_qty="0", filled_avg_price=None))


def test_every_status_that_the_sdk_knows_is_known() -> None:
    from alpaca.trading.enums import OrderStatus

    assert {status.value for status in OrderStatus} <= OPEN | ENDS.keys()


@pytest.mark.parametrize(
    ("qty", "filled", "shown"), [("2.5", "1.75", (2, 1)), (None, "0.5", (0, 0))]
)
def test_fractions_are_shown_rounded_towards_nothing(
    qty: str | None, filled: str, shown: tuple[int, int]
) -> None:
    order = order_of(changed(qty=qty, filled_qty=filled, notional="500"))
    assert (order.qty, order.filled) == shown
    assert order.fractional


def test_a_trailing_stop_of_somebody_else_is_a_stop_without_a_price_of_ours() -> None:
    order = order_of(changed(type="trailing_stop", limit_price=None, stop_price="97.123456"))
    assert (order.type, order.stop) == ("STOP", None)


def test_legs_are_read_and_orders_of_many_options_are_left_out() -> None:
    leg = changed(id="leg", client_order_id="leg", status="held", filled_qty="0",
                  filled_avg_price=None)  # fmt: skip
    options = {"order_class": "mleg", "id": "x", "symbol": "", "side": ""}
    found = orders_of([changed(legs=[leg], order_class="bracket"), options])
    assert [(order.id, [one.id for one in order.legs]) for order in found] == [
        (GOOD["id"], ["leg"])
    ]


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "market_on_close", "order_type": "market_on_close"}, {"limit_price": "0.00001234"},
        {"symbol": "SHIB/USD", "limit_price": "0"},
        {"asset_class": "crypto", "time_in_force": None},
        {"legs": [GOOD | {"type": "iceberg"}], "type": "new_one"},
    ],
)  # fmt: skip
def test_an_odd_order_of_somebody_else_is_unknown_and_leaves_the_others(odd: Any) -> None:
    first, second = orders_of([GOOD, GOOD | {"id": "odd"} | odd])
    assert (first.status, second.status) == ("PARTIALLY_FILLED", "UNKNOWN")
    assert (second.id, second.word, second.filled) == ("odd", "partially_filled", 4)
    assert second.limit is None


def test_an_odd_order_of_which_too_little_is_known_is_left_out_and_counted() -> None:
    before = LEFT_OUT["order"]
    found = orders_of([GOOD, changed(side="buy_to_cover"), changed(symbol="A/USD", qty="NaN")])
    assert [order.id for order in found] == [GOOD["id"]]
    assert LEFT_OUT["order"] == before + 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("qty", "NaN"), ("filled_qty", "11"), ("status", ""), ("filled_avg_price", "0"), ("id", "")],
)
def test_an_order_that_may_be_ours_and_means_nothing_is_not_believed(
    field: str, value: Any
) -> None:
    with pytest.raises(BrokerAnswerUnusable):
        orders_of([GOOD, changed(**{field: value})])


def test_the_reason_of_a_rejection_is_kept() -> None:
    order = order_of(changed(status="rejected", reject_reason="no borrow"))
    assert (order.status, order.reason, order.ended) == ("REJECTED", "no borrow", True)


def test_requests_are_written_with_exact_texts() -> None:
    order = NewOrder(
        client_order_id="ours", ticker="AAPL", side="SELL", qty=10, type="STOP_LIMIT",
        time_in_force="GTC", limit=1_015_001, stop=900_000,
        bracket=Bracket(stop=10, target=123_400),
    )  # fmt: skip
    assert asked(order) == {
        "symbol": "AAPL", "qty": "10", "side": "sell", "type": "stop_limit",
        "time_in_force": "gtc", "client_order_id": "ours", "extended_hours": False,
        "limit_price": "101.5001", "stop_price": "90.00", "order_class": "bracket",
        "stop_loss": {"stop_price": "0.0010"}, "take_profit": {"limit_price": "12.34"},
    }  # fmt: skip


def test_a_bracket_with_a_stop_alone_is_one_order_that_triggers_another() -> None:
    body = asked(NewOrder(client_order_id="o", ticker="A", side="BUY", qty=1,
                          bracket=Bracket(stop=10_000)))  # fmt: skip
    assert (body["order_class"], "take_profit" in body) == ("oto", False)


def test_a_replacement_names_only_what_changes() -> None:
    assert asked_instead(Replacement(client_order_id="new")) == {"client_order_id": "new"}
    assert asked_instead(Replacement(client_order_id="new", qty=2, limit=10_000, stop=20_000)) == {
        "client_order_id": "new", "qty": "2", "limit_price": "1.00", "stop_price": "2.00",
    }  # fmt: skip


def test_every_recorded_order_is_read(recorded: Path) -> None:
    found = list(recorded_orders(json.loads(answers(recorded))))
    assert len(found) >= 2
    shown = {order.ticker: order for order in map(order_of, found)}
    assert (shown["BTC/USD"].fractional, shown["BTC/USD"].status) == (True, "ACCEPTED")


def recorded_orders(value: Any) -> Any:
    """Yield every order in recorded answers, however deep."""
    if isinstance(value, dict):
        if "client_order_id" in value and "filled_qty" in value:
            yield value
        value = list(value.values())
    for inner in value if isinstance(value, list) else []:
        yield from recorded_orders(inner)


def answers(recorded: Path) -> str:
    return (recorded / "alpaca/alpaca_py_responses.json").read_text()
