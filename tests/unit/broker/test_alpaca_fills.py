"""Alpaca's executions, from activities and from the stream, under the same ids."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.broker.alpaca.fills import fills_of, update_of
from connectors.broker.errors import BrokerAnswerUnusable
from connectors.broker.values import OrderUpdate
from tests.unit.broker.test_alpaca_orders import GOOD

# As in Alpaca's own documentation of the interface.
ACTIVITY: dict[str, Any] = {
    "id": "20220202135509981::2d7be4ff-d1f3-43e9-856a-0f5cf5c5088e", "activity_type": "FILL",
    "transaction_time": "2022-02-02T18:55:09.981482Z", "type": "fill", "price": "174.78",
    "qty": "2", "side": "buy", "symbol": "AAPL", "leaves_qty": "0",
    "order_id": "b5abe576-6a8a-49f3-a353-46b72c1ccae9", "cum_qty": "2", "order_status": "filled",
}  # fmt: skip
UPDATE: dict[str, Any] = {
    "event": "partial_fill", "execution_id": "2d7be4ff-d1f3-43e9-856a-0f5cf5c5088e",
    "timestamp": "2026-03-16T18:38:02.5Z", "price": "101.25", "qty": "4", "position_qty": "4",
    "order": GOOD,
}  # fmt: skip


def test_an_activity_and_an_update_tell_of_the_same_fill() -> None:
    ((_, fill),) = fills_of([ACTIVITY])
    assert fill is not None
    assert (fill.qty, fill.price, fill.side) == (2, 1_747_800, "BUY")
    assert fill.at == datetime(2022, 2, 2, 18, 55, 9, 981482, tzinfo=UTC)
    told = read(UPDATE).fill
    assert told is not None
    assert told.execution_id == fill.execution_id == "2d7be4ff-d1f3-43e9-856a-0f5cf5c5088e"
    assert (told.qty, told.price, told.order_id) == (4, 1_012_500, GOOD["id"])


def read(said: Any) -> OrderUpdate:
    update = update_of(said)
    assert update is not None
    return update


@pytest.mark.parametrize(
    ("price", "units"), [("12.34565", 123_456), ("0.00001", 1), ("1.5", 15_000)]
)
def test_a_fill_whose_price_is_finer_than_a_unit_is_a_fill(price: str, units: int) -> None:
    ((_, fill),) = fills_of([ACTIVITY | {"price": price}])
    told = read(UPDATE | {"price": price}).fill
    assert fill is not None
    assert told is not None
    assert fill.price == told.price == units


def test_an_odd_fill_of_what_we_never_trade_leaves_the_others() -> None:
    odd = ACTIVITY | {"symbol": "X/USD", "side": "swap"}
    assert [fill is None for _, fill in fills_of([ACTIVITY, odd])] == [False, True]


@pytest.mark.parametrize("side", ["sell", "sell_short"])
def test_a_short_sale_is_a_sale(side: str) -> None:
    ((_, fill),) = fills_of([ACTIVITY | {"side": side}])
    assert fill is not None
    assert fill.side == "SELL"


def test_a_fraction_is_left_out_and_its_place_in_the_pages_kept() -> None:
    assert fills_of([ACTIVITY | {"qty": "0.5"}]) == [(ACTIVITY["id"], None)]
    update = read(UPDATE | {"qty": "0.5"})
    assert (update.kind, update.fill) == ("PARTIALLY_FILLED", None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("qty", "0"), ("qty", "-2"), ("qty", "NaN"), ("qty", None), ("price", "0"),
        ("price", "-1"), ("price", "Infinity"), ("price", None),
        ("side", "both"), ("symbol", None), ("order_id", ""), ("transaction_time", None),
        ("id", ""),
    ],
)  # fmt: skip
def test_an_execution_that_means_nothing_is_refused(field: str, value: Any) -> None:
    with pytest.raises(BrokerAnswerUnusable):
        fills_of([ACTIVITY | {field: value}])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("qty", "0"), ("qty", "NaN"), ("price", "0"), ("price", None),
        ("execution_id", None), ("order", None), ("order", {}), ("event", None),
        ("timestamp", "then"),
    ],
)  # fmt: skip
def test_an_update_that_means_nothing_is_refused(field: str, value: Any) -> None:
    with pytest.raises(BrokerAnswerUnusable):
        update_of(UPDATE | {field: value})


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("new", "ACCEPTED"), ("accepted", "ACCEPTED"), ("fill", "FILLED"),
        ("partial_fill", "PARTIALLY_FILLED"), ("canceled", "CANCELLED"), ("rejected", "REJECTED"),
        ("expired", "EXPIRED"), ("replaced", "REPLACED"),
        ("order_cancel_rejected", "CANCEL_REFUSED"), ("order_replace_rejected", "REPLACE_REFUSED"),
        ("trade_correct", "CORRECTED"), ("trade_bust", "BUSTED"), ("pending_new", "OTHER"),
        ("done_for_day", "OTHER"), ("restated", "OTHER"), ("reviewed_by_desk", "OTHER"),
    ],
)  # fmt: skip
def test_every_event_has_its_kind_and_a_new_one_is_other(word: str, kind: str) -> None:
    update = read(UPDATE | {"event": word})
    assert (update.kind, update.word) == (kind, word)
    assert (update.fill is not None) == (kind in ("FILLED", "PARTIALLY_FILLED"))


def test_a_correction_names_the_execution_that_was_not_so() -> None:
    bust = UPDATE | {"event": "trade_bust", "previous_execution_id": "was-wrong"}
    assert read(bust).corrects == "was-wrong"
    assert read(UPDATE | {"event": "trade_bust"}).corrects == UPDATE["execution_id"]


def test_a_new_event_needs_no_more_than_its_order() -> None:
    update = read({"event": "reviewed_by_desk", "order": GOOD})
    assert update.at == update.order.updated_at
