"""Alpaca's own trading client trades at the stand-in."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alpaca.common.enums import Sort
from alpaca.common.exceptions import APIError
from alpaca.trading.enums import (
    OrderClass,
    OrderSide,
    OrderStatus,
    QueryOrderStatus,
    TimeInForce,
)
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetOrdersRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopLossRequest,
    TakeProfitRequest,
)

from connectors.broker.simulated.rules import ExchangeRules
from tests.broker.standing import KEYS, Standing, limit, market, standing

TOO_LONG = "client_order_id must be no more than 48 characters"
WHOLE = "qty must be a whole number of shares in this stand-in"


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Standing]:
    with standing(tmp_path) as found:
        yield found


def refusal(error: APIError) -> tuple[int, int, str]:
    return error.status_code, error.code, error.message


def test_a_market_order_is_filled_by_the_next_bar_and_journaled(up: Standing) -> None:
    up.play(100.0)
    with up.listening():
        placed = up.buy("one", 10)
        assert placed.status is OrderStatus.PENDING_NEW
        up.wait_for("one", "new")
        assert up.trading().get_order_by_id(placed.id).status is OrderStatus.NEW
        up.play(101.0)
        up.wait_for("one", "new", "fill")
    fill = up.came[-1]["data"]
    assert (fill["price"], fill["qty"], fill["position_qty"]) == ("101.0101", "10", "10")
    order = up.trading().get_order_by_client_id("one")
    assert (order.status, order.filled_qty, order.filled_avg_price) == (
        OrderStatus.FILLED, "10", "101.0101"
    )  # fmt: skip
    [position] = up.trading().get_all_positions()
    assert (position.symbol, position.qty, position.avg_entry_price) == ("AAPL", "10", "101.0101")
    books = up.books
    assert list(books.orders) == ["one"]
    assert [(f.qty, f.price) for f in books.fills_of("one")] == [(10, 1_010_101)]
    assert books.fills[0].execution_id == fill["execution_id"]
    assert books.positions == {"AAPL": 10}
    assert f"{books.cash / 10_000:.2f}" == f"{float(up.trading().get_account().cash):.2f}"


def test_an_order_is_filled_in_parts_where_bars_are_small(tmp_path: Path) -> None:
    with standing(tmp_path, rules=ExchangeRules(participation_bps=100)) as up, up.listening():
        up.play(100.0)
        up.buy("one", 150)
        up.play(101.0, 102.0)
        up.wait_for("one", "new", "partial_fill", "fill")
        parts = [frame["data"] for frame in up.came[1:]]
        assert [p["qty"] for p in parts] == ["100", "50"]
        assert [p["order"]["filled_qty"] for p in parts] == ["100", "150"]
        rows = up.trading().get("/account/activities/FILL")
    assert [(r["type"], r["qty"], r["cum_qty"], r["leaves_qty"]) for r in rows] == [
        ("fill", "50", "150", "0"), ("partial_fill", "100", "100", "50"),
    ]  # fmt: skip
    assert [f.qty for f in up.books.fills] == [100, 50]


def test_an_order_is_cancelled_once(up: Standing) -> None:
    up.play(100.0)
    client = up.trading()
    placed = client.submit_order(limit("AAPL", 1, "low", 50))
    with up.listening():
        client.cancel_order_by_id(placed.id)
        up.wait_for("low", "canceled")
    order = client.get_order_by_client_id("low")
    assert order.status is OrderStatus.CANCELED
    assert order.canceled_at is not None
    with pytest.raises(APIError) as again:
        client.cancel_order_by_id(placed.id)
    assert refusal(again.value) == (422, 42210000, 'order is already in "canceled" state')
    assert [row.what for row in up.books.rows] == ["opened", "order", "cancel", "end", "refused"]


def test_a_replaced_order_has_another_id(up: Standing) -> None:
    up.play(100.0)
    client = up.trading()
    old = client.submit_order(limit("AAPL", 5, "old", 50))
    with up.listening():
        asked = ReplaceOrderRequest(qty=7, limit_price=51, client_order_id="new")
        new = client.replace_order_by_id(old.id, asked)
        up.wait_for("old", "replaced")
        up.wait_for("new", "new")
    assert (new.replaces, new.qty, new.limit_price) == (old.id, "7", "51")
    gone = client.get_order_by_id(old.id)
    assert (gone.status, gone.replaced_by) == (OrderStatus.REPLACED, new.id)
    up.play(51.0)
    assert client.get_order_by_id(new.id).status is OrderStatus.FILLED
    assert {name: len(orders) for name, orders in up.books.orders.items()} == {"old": 1, "new": 1}
    assert [f.price for f in up.books.fills_of("new")] == [510_000]
    with pytest.raises(APIError, match="already in"):
        client.replace_order_by_id(new.id, ReplaceOrderRequest(qty=9))


def test_a_client_id_is_taken_once(up: Standing) -> None:
    up.play(100.0)
    up.buy("one")
    with pytest.raises(APIError) as again:
        up.buy("one")
    assert refusal(again.value) == (422, 40010001, "client_order_id must be unique")
    assert up.books.doubles == {}
    assert up.books.count("refused", "client_order_id must be unique") == 1


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (market("AAPL", 100_000, "a"), (403, 40310000, "insufficient buying power")),
        (market("AAPL", 1, "a", "sell"), (403, 40310000, "account is not allowed to short")),
        (market("NONE", 1, "a"), (422, 42210000, 'asset "NONE" not found')),
        (market("AAPL", -1, "a"), (422, 40010001, "qty must be > 0")),
        (market("AAPL", 1, "a" * 49), (422, 40010001, TOO_LONG)),
        (market("AAPL", 1.5, "a"), (422, 40010001, WHOLE)),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_alpacas_words(
    up: Standing, order: MarketOrderRequest, expected: tuple[int, int, str]
) -> None:
    up.play(100.0)
    with pytest.raises(APIError) as refused:
        up.trading().submit_order(order)
    assert refusal(refused.value) == expected
    assert up.books.orders == {}


def test_prices_finer_than_a_cent_are_refused(up: Standing) -> None:
    with pytest.raises(APIError, match="sub-penny"):
        up.trading().submit_order(limit("AAPL", 1, "a", 100.001))
    assert up.trading().submit_order(limit("AAPL", 1, "b", 0.9999)).limit_price == "0.9999"


def test_a_bracket_holds_its_legs_until_its_entry_is_filled(up: Standing) -> None:
    up.play(100.0)
    client = up.trading()
    asked = MarketOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.BUY, time_in_force=TimeInForce.DAY,
        client_order_id="entry", order_class=OrderClass.BRACKET,
        stop_loss=StopLossRequest(stop_price=95), take_profit=TakeProfitRequest(limit_price=110),
    )  # fmt: skip
    placed = client.submit_order(asked)
    assert [leg.status for leg in placed.legs] == [OrderStatus.HELD, OrderStatus.HELD]
    up.play(100.0)
    every = GetOrdersRequest(status=QueryOrderStatus.ALL, nested=True)
    [entry] = client.get_orders(every)
    assert [leg.status for leg in entry.legs] == [OrderStatus.NEW, OrderStatus.NEW]
    assert len(client.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN))) == 2
    up.play(94.0)
    [entry] = client.get_orders(every)
    assert [leg.status for leg in entry.legs] == [OrderStatus.FILLED, OrderStatus.CANCELED]
    assert up.books.positions == {}
    assert client.get_all_positions() == []


def test_orders_are_listed_by_page(up: Standing) -> None:
    client = up.trading()
    for n in range(7):
        client.submit_order(limit("AAPL" if n % 2 else "MSFT", 1, f"n{n}", 50))
        up.clock.moment += timedelta(seconds=1)
    client.cancel_order_by_id(client.get_order_by_client_id("n0").id)

    def listed(**asked: Any) -> list[str]:
        return [o.client_order_id for o in client.get_orders(GetOrdersRequest(**asked))]

    assert listed(limit=3) == ["n6", "n5", "n4"]
    assert listed(status=QueryOrderStatus.CLOSED) == ["n0"]
    assert listed(symbols=["AAPL"], direction=Sort.ASC) == ["n1", "n3", "n5"]
    assert listed(side=OrderSide.SELL) == []
    pages: list[list[str]] = []
    after = None
    every: dict[str, Any] = {"status": QueryOrderStatus.ALL, "limit": 3, "direction": Sort.ASC}
    while page := client.get_orders(GetOrdersRequest(**every, after=after)):
        pages.append([order.client_order_id for order in page])
        after = page[-1].submitted_at
    assert pages == [["n0", "n1", "n2"], ["n3", "n4", "n5"], ["n6"]]
    with pytest.raises(APIError, match="invalid limit"):
        client.get("/orders", {"limit": 501})


def test_all_orders_are_cancelled_at_once(up: Standing) -> None:
    client = up.trading()
    placed = [client.submit_order(limit("AAPL", 1, f"n{n}", 50)) for n in range(3)]
    answers = client.cancel_orders()
    assert [(a.id, a.status) for a in answers] == [(o.id, 200) for o in placed]
    assert client.get_orders() == []


def test_positions_are_closed(up: Standing) -> None:
    up.play(100.0)
    up.buy("one", 10)
    up.play(100.0)
    client = up.trading()
    closing = client.close_position("AAPL")
    assert (closing.side, closing.qty) == (OrderSide.SELL, "10")
    assert client.get_open_position("AAPL").qty_available == "0"
    with pytest.raises(APIError, match="insufficient qty available"):
        client.close_position("AAPL")
    up.play(100.0)
    with pytest.raises(APIError) as gone:
        client.get_open_position("AAPL")
    assert refusal(gone.value) == (404, 40410000, "position does not exist")
    assert client.close_all_positions() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8000"},
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Host": "localhost@evil.example"},
        {"Host": ""},
    ],
)
def test_a_web_page_moves_nothing_by_hand(up: Standing, headers: dict[str, str]) -> None:
    for path in ("advance", "cut/trades", "bars", "faults"):
        refused = up.hand.post(f"/stand-in/{path}", headers=headers, content=b"{}")
        assert refused.status_code == 403
    assert up.hand.get("/stand-in/followed", headers=headers).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:80", "LOCALHOST", "[::1]:9", "[::1]"])
def test_a_program_of_this_machine_may(up: Standing, host: str) -> None:
    assert up.hand.post("/stand-in/advance", headers={"Host": host}).status_code == 204


def test_wrong_keys_are_refused(up: Standing) -> None:
    headers = {"APCA-API-KEY-ID": KEYS.key, "APCA-API-SECRET-KEY": "wrong"}
    trading = up.hand.get("/v2/account", headers=headers)
    assert (trading.status_code, trading.json()["code"]) == (401, 40110000)
    data = up.hand.get("/v2/stocks/bars", headers=headers)
    assert (data.status_code, data.json()) == (403, {"message": "forbidden."})
    assert up.hand.get("/v2/account").status_code == 401


def test_too_many_requests_are_refused_until_the_next_minute(tmp_path: Path) -> None:
    headers = {"APCA-API-KEY-ID": KEYS.key, "APCA-API-SECRET-KEY": KEYS.secret}
    with standing(tmp_path, per_minute=2) as up:
        answers = [up.hand.get("/v2/clock", headers=headers) for _ in range(3)]
        assert [a.status_code for a in answers] == [200, 200, 429]
        assert [a.headers["x-ratelimit-remaining"] for a in answers] == ["1", "0", "0"]
        assert answers[2].json()["code"] == 42910000
        reset = int(answers[2].headers["x-ratelimit-reset"])
        assert reset == int(up.clock.moment.timestamp()) + 60
        assert up.hand.get("/v1beta1/news", headers=headers).status_code == 200
        up.clock.moment += timedelta(minutes=1)
        assert up.hand.get("/v2/clock", headers=headers).status_code == 200


def test_a_day_order_expires_at_the_close(up: Standing) -> None:
    up.play(100.0)
    up.trading().submit_order(limit("AAPL", 1, "low", 50))
    with up.listening():
        up.clock.moment = up.clock.moment.replace(hour=20, minute=0)
        up.do("advance")
        up.wait_for("low", "expired")
    assert up.books.count("end") == 1


def test_fills_are_listed_by_page(up: Standing) -> None:
    client = up.trading()
    for n in range(5):
        up.play(100.0)
        up.buy(f"n{n}", n + 1)
    up.play(100.0)
    asked: dict[str, Any] = {"page_size": 2, "direction": "asc"}
    pages = []
    while page := client.get("/account/activities/FILL", asked):
        pages.append([row["qty"] for row in page])
        asked["page_token"] = page[-1]["id"]
    assert pages == [["1", "2"], ["3", "4"], ["5"]]
    later = client.get("/account/activities", {"after": "2026-03-19T13:34:00Z"})
    assert [row["qty"] for row in later] == ["5", "4"]
    assert client.get("/account/activities/DIV") == []
    with pytest.raises(APIError, match="invalid page_token"):
        client.get("/account/activities/FILL", {"page_token": "x"})


def test_a_brackets_leg_is_replaced_and_all_end_together(up: Standing) -> None:
    up.play(100.0)
    client = up.trading()
    entry = client.submit_order(
        MarketOrderRequest(
            symbol="AAPL", qty=10, side=OrderSide.BUY, time_in_force=TimeInForce.DAY,
            client_order_id="entry", order_class=OrderClass.OTO,
            stop_loss=StopLossRequest(stop_price=95),
        )
    )  # fmt: skip
    up.play(100.0)
    asked = ReplaceOrderRequest(stop_price=96, client_order_id="closer")
    closer = client.replace_order_by_id(entry.legs[0].id, asked)
    [leg] = client.get_order_by_client_id("entry").legs
    assert (leg.id, leg.stop_price, leg.replaces) == (closer.id, "96", entry.legs[0].id)
    every = client.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, nested=True))
    assert [order.client_order_id for order in every] == [
        entry.legs[0].client_order_id, "entry"
    ]  # fmt: skip
    assert [leg.client_order_id for leg in every[1].legs] == ["closer"]
    working = client.get_orders(GetOrdersRequest(nested=True))
    assert [order.client_order_id for order in working] == ["closer"]
    assert client.close_all_positions(cancel_orders=True)[0].status == 200
    assert client.get_order_by_id(closer.id).status is OrderStatus.CANCELED
    up.play(100.0)
    assert up.books.positions == {}


def test_a_part_of_a_position_is_closed(up: Standing) -> None:
    up.play(100.0)
    up.buy("one", 10)
    up.play(100.0)
    client = up.trading()
    assert client.close_position("AAPL", ClosePositionRequest(qty="3")).qty == "3"
    assert client.get_open_position("AAPL").qty_available == "7"
    assert client.close_position("AAPL", ClosePositionRequest(percentage="50")).qty == "5"
    with pytest.raises(APIError, match="no more than the position"):
        client.close_position("AAPL", ClosePositionRequest(qty="11"))
