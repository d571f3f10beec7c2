"""The stand-in's JSON: the same fields as Alpaca's recorded bodies and its own models."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alpaca.data.models import Bar as TheirBar
from alpaca.trading.models import Asset as TheirAsset
from alpaca.trading.models import Calendar, Clock, Order, Position, TradeAccount, TradeActivity
from msgspec.structs import replace as replaced

from connectors.broker.stand_in import market_shapes, shapes
from connectors.broker.stand_in.market_shapes import Article
from connectors.broker.stand_in.numbers import plain, price, uuid_of
from connectors.broker.stand_in.ticket import EVENT_WORDS, STATUS_WORDS, Ticket
from connectors.broker.values import (
    Asset,
    BrokerAccount,
    BrokerFill,
    BrokerOrder,
    BrokerPosition,
    MarketBar,
    MarketClock,
    OrderUpdate,
    Quote,
    TradingDay,
    TradingStatus,
)

AT = datetime(2026, 3, 19, 14, 0, tzinfo=UTC)
# Of the recordings, and left out here: fields that the API no longer has, or no stock's order has.
GONE = {"daytrade_count", "daytrading_buying_power", "pattern_day_trader", "commission"}
PLACEHOLDERS = {"last_close_pct_change", "last_price"}
ORDER = BrokerOrder(
    id=uuid_of("o"), client_order_id="ours", ticker="AAPL", side="BUY", qty=10, filled=4,
    average=Decimal("101.500000"), type="LIMIT", limit=1_020_000, status="PARTIALLY_FILLED",
    word="partially_filled", submitted_at=AT, updated_at=AT,
)  # fmt: skip
FILL = BrokerFill(
    execution_id=uuid_of("e"), order_id=ORDER.id, ticker="AAPL", side="BUY", qty=4,
    price=1_015_000, at=AT,
)  # fmt: skip
TICKET = Ticket(ORDER, AT, "simple", "buy_to_open")
ACCOUNT = BrokerAccount(
    id="stand-in", currency="USD", cash=995_000_000, equity=1_000_000_000, buying_power=900_000_000
)  # fmt: skip
BAR = MarketBar(
    ticker="AAPL", start=AT, interval="1m", open=1, high=2, low=0.5, close=1.5, volume=250
)


def bodies(recorded: Path, ending: str, method: str = "GET") -> list[Any]:
    found = json.loads((recorded / "alpaca/alpaca_py_responses.json").read_text())
    return [r["body"] for r in found if ending in r["url"] and r["method"] == method]


def frames(recorded: Path, kind: str) -> list[dict[str, Any]]:
    found = json.loads((recorded / "alpaca/alpaca_py_ws_frames.json").read_text())
    return [frame for frame in found if frame["T"] == kind]


@pytest.mark.recorded
def test_bodies_have_the_recorded_fields(recorded: Path) -> None:
    [account] = bodies(recorded, "/v2/account")
    ours = shapes.account_shape(ACCOUNT, (1, 0), AT)
    assert set(account) - GONE == set(ours)
    [[asset]] = bodies(recorded, "/v2/assets")
    theirs = set(asset) - PLACEHOLDERS
    assert theirs == set(shapes.asset_shape(Asset(ticker="AAPL", tradable=True)))
    [closed] = bodies(recorded, "/v2/positions", "DELETE")[:1]
    order = shapes.order_shape(TICKET)
    assert set(closed[0]["body"]) == set(order)
    [bars] = bodies(recorded, "/v2/stocks/bars?")
    [first, _] = bars["bars"]["AAPL"]
    assert set(first) == set(market_shapes.bar_shape(BAR))
    [answers] = bodies(recorded, "/v2/orders", "DELETE")
    assert set(answers[0]) == {"id", "status"}


@pytest.mark.recorded
def test_frames_have_the_recorded_fields(recorded: Path) -> None:
    article = Article(number=1, headline="h", created_at=AT, updated_at=AT)
    quote = Quote(ticker="AAPL", bid=1, ask=2, at=AT)
    status = TradingStatus(ticker="AAPL", halted=True, code="T1", reason="", at=AT)
    for ours in (
        market_shapes.bar_frame(BAR), market_shapes.quote_frame(quote),
        market_shapes.status_frame(status), market_shapes.article_frame(article),
    ):  # fmt: skip
        for theirs in frames(recorded, ours["T"]):
            assert set(theirs) == set(ours)
            assert {k for k, v in theirs.items() if v == "<msgpack.Timestamp>"} == {
                k for k, v in ours.items() if type(v).__name__ == "Timestamp"
            }


def test_an_order_is_read_by_alpacas_model() -> None:
    theirs = Order(**shapes.order_shape(TICKET))
    assert (theirs.qty, theirs.filled_qty, theirs.filled_avg_price) == ("10", "4", "101.5")
    assert (theirs.limit_price, theirs.status.value) == ("102", "partially_filled")
    assert theirs.legs is None


@pytest.mark.parametrize("status", STATUS_WORDS)
def test_every_status_is_a_word_of_alpacas(status: Any) -> None:
    ticket = replace(TICKET, order=replaced(ORDER, status=status, word="x"))
    assert Order(**shapes.order_shape(ticket)).status.value == STATUS_WORDS[status]


def test_an_order_tells_when_it_ended() -> None:
    ticket = replace(TICKET, moments={})
    ticket.take(replaced(ORDER, status="CANCELLED", word="canceled"), AT)
    ticket.take(ticket.order, AT + timedelta(minutes=1))
    assert Order(**shapes.order_shape(ticket)).canceled_at == AT


def test_a_cancel_that_is_not_confirmed_shows_until_the_end() -> None:
    ticket = replace(TICKET, cancelling=True)
    assert ticket.word == "pending_cancel"
    ticket.take(replaced(ORDER, status="FILLED", word="filled"), AT)
    assert ticket.word == "filled"


def test_a_leg_is_held_in_the_exchanges_word() -> None:
    held = replace(TICKET, order=replaced(ORDER, status="ACCEPTED", word="held"))
    assert shapes.order_shape(held)["status"] == "held"


@pytest.mark.parametrize("kind", EVENT_WORDS)
def test_an_update_is_told_in_alpacas_words(kind: Any) -> None:
    update = OrderUpdate(kind=kind, order=ORDER, at=AT, word="x")
    data = shapes.update_shape(update, {}, "e", 0)["data"]
    assert (data["event"], data["execution_id"]) == (EVENT_WORDS[kind], "e")
    assert "qty" not in data


def test_a_fill_is_told_with_its_price_and_what_is_held() -> None:
    update = OrderUpdate(kind="PARTIALLY_FILLED", order=ORDER, at=AT, word="x", fill=FILL)
    data = shapes.update_shape(update, {}, "ignored", 4)["data"]
    assert (data["price"], data["qty"], data["position_qty"]) == ("101.5", "4", "4")
    assert data["execution_id"] == FILL.execution_id


def test_an_activity_is_read_by_alpacas_model() -> None:
    shape = shapes.activity_shape(FILL, TICKET, 0)
    theirs = TradeActivity(**shape, account_id=UUID(uuid_of("a")))
    assert (theirs.qty, theirs.leaves_qty, theirs.cum_qty) == (4, 6, 4)
    assert shapes.activity_shape(FILL, TICKET, 6)["type"] == "fill"


def test_an_account_is_read_without_fields_that_are_gone() -> None:
    theirs = TradeAccount(**shapes.account_shape(ACCOUNT, (5_000_000, -1), AT))
    assert (theirs.cash, theirs.equity, theirs.long_market_value) == ("99500", "100000", "500")
    assert theirs.daytrade_count is None


def test_a_position_shows_what_it_gained() -> None:
    held = BrokerPosition(ticker="AAPL", qty=Decimal(-5), average=Decimal(100), price=990_000)
    theirs = Position(**shapes.position_shape(held, Decimal(5)))
    assert (theirs.side.value, theirs.qty, theirs.unrealized_pl) == ("short", "-5", "5")
    assert theirs.unrealized_plpc == "0.01"


def test_times_of_the_clock_and_the_calendar_are_new_yorks() -> None:
    clock = MarketClock(at=AT, is_open=True, opens=AT, closes=AT)
    assert shapes.clock_shape(clock)["timestamp"] == "2026-03-19T10:00:00-04:00"
    assert Clock(**shapes.clock_shape(clock)).timestamp == AT
    day = TradingDay(day=date(2026, 3, 19), opens=AT, closes=AT + timedelta(hours=3))
    assert Calendar(**shapes.day_shape(day)).close.hour == 13


def test_an_asset_is_read_by_alpacas_model() -> None:
    theirs = TheirAsset(**shapes.asset_shape(Asset(ticker="X", tradable=False, exchange="OURS")))
    assert (theirs.symbol, theirs.status.value, theirs.tradable) == ("X", "inactive", False)


def test_a_bar_is_read_by_alpacas_model() -> None:
    theirs = TheirBar("AAPL", market_shapes.bar_shape(BAR))
    assert (theirs.open, theirs.volume, theirs.trade_count, theirs.timestamp) == (1, 250, 2, AT)
    assert market_shapes.bar_frame(replaced(BAR, revised=True))["T"] == "u"


def test_numbers_have_no_exponent_and_no_zeros_behind() -> None:
    assert [price(n) for n in (0, 1, -15, 1_000_000, 10**13)] == [
        "0", "0.0001", "-0.0015", "100", "1000000000",
    ]  # fmt: skip
    assert plain(Decimal("1E+3")) == "1000"
    assert uuid_of(uuid_of("a")) == uuid_of("a") != uuid_of("b")
