"""Alpaca's data clients and streams against the stand-in."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.models import Bar, News, Quote, TradingStatus
from alpaca.data.requests import NewsRequest, StockBarsRequest
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
from alpaca.trading.requests import GetCalendarRequest

from connectors.broker.stand_in.keys import Keys
from connectors.broker.stand_in.market_shapes import Article
from tests.broker.standing import MINUTE, OPEN, Standing, hurried, minute, running, standing
from tests.waiting import eventually


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Standing]:
    with standing(tmp_path) as found:
        yield found


def article(number: int = 1, **more: Any) -> Article:
    values = {"headline": "h", "symbols": ("AAPL",), "created_at": OPEN, "updated_at": OPEN, **more}
    return Article(number=number, **values)


def closes(up: Standing, **asked: Any) -> dict[str, list[float]]:
    values = {"symbol_or_symbols": ["AAPL", "MSFT"], "timeframe": TimeFrame.Minute, **asked}
    found = up.history().get_stock_bars(StockBarsRequest(**values))
    return {ticker: [bar.close for bar in bars] for ticker, bars in found.data.items()}


def test_the_history_is_what_was_shown(up: Standing) -> None:
    for n in range(3):
        start = OPEN + n * MINUTE
        up.do("bars", {"bars": [minute(start, 100 + n), minute(start, 200 + n, "MSFT")]})
    up.clock.moment += timedelta(hours=1)
    assert closes(up) == {"AAPL": [100, 101, 102], "MSFT": [200, 201, 202]}
    assert closes(up, start=OPEN + MINUTE, limit=3) == {"AAPL": [101, 102], "MSFT": [201]}
    assert closes(up, end=OPEN) == {"AAPL": [100], "MSFT": [200]}
    five = TimeFrame(5, TimeFrameUnit.Minute)
    assert closes(up, timeframe=five) == {"AAPL": [102], "MSFT": [202]}
    [day] = up.history().get_stock_bars(
        StockBarsRequest(symbol_or_symbols="AAPL", timeframe=TimeFrame.Day)
    )["AAPL"]
    assert (day.open, day.high, day.low, day.close) == (100, 102.5, 99.5, 102)
    assert day.timestamp == datetime(2026, 3, 19, 4, tzinfo=UTC)


def test_the_history_comes_in_pages(up: Standing) -> None:
    up.do("past", {"bars": [minute(OPEN - n * MINUTE, n) for n in range(5, 0, -1)]})
    up.clock.moment += timedelta(hours=1)
    asked = {"symbols": "AAPL", "timeframe": "1Min", "limit": 2}
    pages = []
    client = up.history()
    while True:
        page = client.get("/stocks/bars", asked)
        pages.append([bar["c"] for bar in page["bars"]["AAPL"]])
        asked["page_token"] = page["next_page_token"]
        if not asked["page_token"]:
            break
    assert pages == [[5, 4], [3, 2], [1]]


def test_what_history_cannot_be_is_refused(up: Standing) -> None:
    with pytest.raises(APIError, match="invalid timeframe"):
        up.history().get("/stocks/bars", {"symbols": "AAPL", "timeframe": "7Min"})
    with pytest.raises(APIError, match="invalid page_token"):
        up.history().get(
            "/stocks/bars", {"symbols": "AAPL", "timeframe": "1Min", "page_token": "x"}
        )


def test_bars_are_streamed_to_who_follows_them_now(up: Standing) -> None:
    came: list[Any] = []

    async def take(what: Any) -> None:
        came.append(what)

    stream = up.stocks()
    stream.subscribe_bars(take, "AAPL")
    with running(stream):
        eventually(lambda: up.followed()["iex"]["bars"] == ["AAPL"])
        up.play(100.0)
        up.play(200.0, ticker="MSFT")
        eventually(lambda: len(came) == 1)
        stream.subscribe_bars(take, "MSFT")
        stream.subscribe_quotes(take, "MSFT")
        stream.subscribe_trading_statuses(take, "MSFT")
        stream.unsubscribe_bars("AAPL")
        eventually(lambda: up.followed()["iex"]["bars"] == ["MSFT"])
        eventually(lambda: up.followed()["iex"]["statuses"] == ["MSFT"])
        up.play(101.0)
        up.play(201.0, ticker="MSFT")
        up.do("halt", {"ticker": "MSFT", "halted": True})
        eventually(lambda: len(came) == 4)
    first, bar, quote, status = came
    assert isinstance(first, Bar)
    assert (first.symbol, first.close, first.timestamp) == ("AAPL", 100, OPEN)
    assert isinstance(bar, Bar)
    assert (bar.symbol, bar.close, bar.volume) == ("MSFT", 201, 10_000)
    assert isinstance(quote, Quote)
    assert (quote.bid_price, quote.ask_price) == (200.99, 201.01)
    assert isinstance(status, TradingStatus)
    assert (status.status_code, status.reason_code) == ("H", "T1")


def test_a_halted_ticker_fills_nothing(up: Standing) -> None:
    up.play(100.0)
    up.do("halt", {"ticker": "AAPL", "halted": True})
    up.buy("one")
    up.play(100.0)
    assert up.books.fills == []
    up.do("halt", {"ticker": "AAPL", "halted": False})
    up.play(100.0)
    assert [f.qty for f in up.books.fills] == [10]


def test_a_revised_bar_comes_as_an_update_and_fills_nothing(up: Standing) -> None:
    came: list[Bar] = []

    async def take(bar: Bar) -> None:
        came.append(bar)

    stream = up.stocks("sip")
    stream.subscribe_updated_bars(take, "*")
    with running(stream):
        eventually(lambda: up.followed()["sip"]["updatedBars"] == ["*"])
        up.play(100.0)
        up.buy("one")
        up.do("bars", {"bars": [minute(OPEN, 101, revised=True)]})
        eventually(lambda: [bar.close for bar in came] == [101])
    assert closes(up, symbol_or_symbols="AAPL") == {"AAPL": [101]}
    assert up.books.fills == []


def test_news_is_streamed_and_kept(up: Standing) -> None:
    came: list[News] = []

    async def take(news: News) -> None:
        came.append(news)

    stream = up.news()
    stream.subscribe_news(take, "*")
    with running(stream):
        eventually(lambda: up.followed()["news"]["news"] == ["*"])
        up.do("news", article(content="all of it"))
        up.do("news", article(2, symbols=("MSFT",), updated_at=OPEN + MINUTE))
        eventually(lambda: len(came) == 2)
    assert [(n.id, n.symbols, n.created_at) for n in came] == [
        (1, ["AAPL"], OPEN), (2, ["MSFT"], OPEN)
    ]  # fmt: skip
    up.clock.moment += timedelta(hours=1)

    def numbers(**asked: Any) -> list[int]:
        return [n.id for n in up.articles().get_news(NewsRequest(**asked)).data["news"]]

    assert numbers() == [2, 1]
    assert numbers(symbols="AAPL") == [1]
    assert numbers(start=OPEN + MINUTE) == [2]
    found = up.articles().get_news(NewsRequest(include_content=True, symbols="AAPL"))
    assert found.data["news"][0].content == "all of it"


def test_a_second_connection_of_a_key_is_refused(
    up: Standing, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = up.stocks(), up.stocks()

    async def take(_bar: Any) -> None: ...

    first.subscribe_bars(take, "AAPL")
    second.subscribe_bars(take, "MSFT")
    with running(first):
        eventually(lambda: up.followed()["iex"]["bars"] == ["AAPL"])
        with caplog.at_level(logging.ERROR), running(second):
            eventually(lambda: "connection limit exceeded" in caplog.text)
        assert up.followed()["iex"]["bars"] == ["AAPL"]
    with running(second):
        eventually(lambda: up.followed()["iex"]["bars"] == ["MSFT"])


def test_a_stream_takes_its_keys_alone(up: Standing, caplog: pytest.LogCaptureFixture) -> None:
    stream = up.stocks()
    stream._secret_key = Keys("PKTEST", "other").secret

    async def take(_bar: Any) -> None: ...

    stream.subscribe_bars(take, "AAPL")
    with caplog.at_level(logging.ERROR), running(hurried(stream)):
        eventually(lambda: "auth failed" in caplog.text)
    assert up.followed()["iex"]["bars"] == []


def test_a_cut_stream_is_taken_up_again(up: Standing) -> None:
    with up.listening():
        up.play(100.0)
        up.buy("before")
        up.wait_for("before", "new")
        up.do("cut/trades")
        eventually(lambda: up.followed()["trades"] == 1)
        up.buy("after")
        up.wait_for("after", "new")


def test_the_clock_and_the_calendar_are_new_yorks(up: Standing) -> None:
    client = up.trading()
    now = client.get_clock()
    assert now.is_open
    assert now.timestamp == OPEN
    assert now.next_close == datetime(2026, 3, 19, 20, tzinfo=UTC)
    up.clock.moment = datetime(2026, 3, 21, 12, tzinfo=UTC)
    now = client.get_clock()
    assert not now.is_open
    assert now.next_open == datetime(2026, 3, 23, 13, 30, tzinfo=UTC)
    days = client.get_calendar(
        GetCalendarRequest(start=datetime(2026, 11, 25).date(), end=datetime(2026, 11, 29).date())  # noqa: DTZ001
    )
    assert [(f"{d.date}", f"{d.open:%H:%M}", f"{d.close:%H:%M}") for d in days] == [
        ("2026-11-25", "09:30", "16:00"), ("2026-11-27", "09:30", "13:00"),
    ]  # fmt: skip


def test_assets_are_those_of_the_market(up: Standing) -> None:
    up.play(10.0, ticker="NEW")
    client = up.trading()
    assert [asset.symbol for asset in client.get_all_assets()] == ["AAPL", "MSFT", "NEW"]
    found = client.get_asset("AAPL")
    assert (found.tradable, client.get_asset(str(found.id)).symbol) == (True, "AAPL")
    with pytest.raises(APIError, match="not found"):
        client.get_asset("NONE")
