"""Both streams of Alpaca's on real sockets: what comes, what is cut, what is silent, and an end."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from connectors.broker.alpaca.client import AlpacaBroker
from connectors.broker.alpaca.market_data import AlpacaMarketData
from connectors.broker.simulated.rules import ExchangeRules
from connectors.broker.values import (
    MarketBar,
    NewOrder,
    OrderUpdate,
    Quote,
    StreamState,
    TradingStatus,
)
from tests.broker.hearing import Ear
from tests.broker.served import KEY, QUICK, SECRET, Served, params_for, stand_in
from tests.broker.venue import DOLLAR, MINUTE, OTHER, TICKER
from tests.waiting import eventually, no_longer_than

BEGINS = datetime(2025, 3, 12, 14, 0, tzinfo=UTC)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with stand_in(tmp_path / "journal.jsonl", BEGINS, ExchangeRules()) as running:
        running.bars(bar(), bar(OTHER))
        yield running


def bar(ticker: str = TICKER, minute: int = 0, **more: Any) -> MarketBar:
    made = MarketBar(
        ticker=ticker, start=BEGINS + minute * MINUTE, interval="1m", open=100.0, high=101.0,
        low=99.0, close=100.5, volume=1_000,
    )  # fmt: skip
    return replace(made, **more)


@pytest.fixture
def broker(served: Served) -> Iterator[AlpacaBroker]:
    made = AlpacaBroker(params_for(served.port), QUICK)
    yield made
    made.close()


@pytest.fixture
def data(served: Served) -> Iterator[AlpacaMarketData]:
    made = AlpacaMarketData(params_for(served.port), times=QUICK)
    yield made
    made.close()


NUMBERS = count(1)


def place(broker: AlpacaBroker) -> str:
    return broker.submit(
        NewOrder(client_order_id=f"order-{next(NUMBERS)}", ticker=TICKER, side="BUY", qty=1,
                 type="LIMIT", limit=DOLLAR)
    ).id  # fmt: skip


def test_a_stream_that_is_cut_says_so_and_comes_up_again(
    served: Served, broker: AlpacaBroker
) -> None:
    with broker.updates() as stream:
        ear = Ear(stream)
        ear.until(ear.ups)
        served.cut("trades")
        ear.until(lambda: ear.ups() >= 2)
        assert [state.up for state in ear.of(StreamState)][:3] == [True, False, True]
        order = place(broker)
        ear.until(lambda: [u for u in ear.of(OrderUpdate) if u.order.id == order])


def test_words_that_nobody_knows_and_repeats_pass_through(
    served: Served, broker: AlpacaBroker
) -> None:
    with broker.updates() as stream:
        ear = Ear(stream)
        ear.until(ear.ups)
        served.faults("unknown_words:1,duplicates:1")
        for _ in range(4):
            place(broker)

        def odd() -> bool:
            words = {update.word for update in ear.of(OrderUpdate)}
            statuses = {update.order.status for update in ear.of(OrderUpdate)}
            return "reviewed_by_desk" in words and "UNKNOWN" in statuses

        ear.until(odd)
        strange = [u for u in ear.of(OrderUpdate) if u.word == "reviewed_by_desk"]
        assert {update.kind for update in strange} == {"OTHER"}
        assert len(ear.of(OrderUpdate)) > len(set(map(repr, ear.of(OrderUpdate))))
        assert ear.down() == []


def test_keys_that_are_not_taken_are_said_by_both_streams(served: Served) -> None:
    wrong = params_for(served.port, secret=SecretStr("another-secret-99"))
    broker, data = AlpacaBroker(wrong, QUICK), AlpacaMarketData(wrong, times=QUICK)
    with broker.updates() as orders, data.market() as market:
        for stream in (orders, market):
            ear = Ear(stream)
            ear.until(ear.down)
            assert "does not let it in" in ear.down()[0]
            assert "another-secret-99" not in repr(ear.heard)
    broker.close()
    data.close()


def test_what_is_followed_changes_while_it_runs(served: Served, data: AlpacaMarketData) -> None:
    with data.market() as market:
        ear = Ear(market)
        ear.until(ear.ups)
        market.follow(frozenset((TICKER,)), frozenset((OTHER,)))
        wanted = {"bars": [TICKER], "updatedBars": [TICKER], "quotes": [OTHER],
                  "statuses": [TICKER, OTHER]}  # fmt: skip
        eventually(lambda: wanted.items() <= served.followed()["iex"].items())
        served.bars(bar(minute=1), bar(OTHER, 1))
        served.bars(bar(minute=1, close=99.5, revised=True))
        served.halt(OTHER)
        ear.until(lambda: ear.of(TradingStatus))
        assert [(b.ticker, b.close, b.revised) for b in ear.of(MarketBar)] == [
            (TICKER, 100.5, False), (TICKER, 99.5, True),
        ]  # fmt: skip
        assert {quote.ticker for quote in ear.of(Quote)} == {OTHER}
        assert [(s.ticker, s.halted) for s in ear.of(TradingStatus)] == [(OTHER, True)]
        market.follow(frozenset((OTHER,)))
        after = {"bars": [OTHER], "updatedBars": [OTHER], "quotes": [], "statuses": [OTHER]}
        eventually(lambda: after.items() <= served.followed()["iex"].items())
        served.cut("iex")
        ear.until(lambda: ear.ups() >= 2)
        eventually(lambda: after.items() <= served.followed()["iex"].items())


def test_many_tickers_are_followed(served: Served, data: AlpacaMarketData) -> None:
    tickers = frozenset(f"T{n}" for n in range(1_000))
    with data.market() as market:
        market.follow(tickers)
        eventually(lambda: len(served.followed()["iex"]["bars"]) == 1_000)


def test_history_comes_whole_and_as_it_was_traded(served: Served, data: AlpacaMarketData) -> None:
    past = [bar(ticker, minute) for minute in range(-50, 0) for ticker in (TICKER, OTHER)]
    served.past(*past)
    since = BEGINS - 40 * MINUTE
    found = data.history([OTHER, TICKER], "1m", since, BEGINS - MINUTE)
    assert [(b.start, b.ticker) for b in found] == [
        (b.start, b.ticker) for b in past if since <= b.start < BEGINS - MINUTE
    ]


def test_a_stream_that_runs_is_let_go_within_seconds(served: Served, broker: AlpacaBroker) -> None:
    stream = broker.updates()
    ear = Ear(stream)
    ear.until(ear.ups)
    with no_longer_than(20):
        stream.close()
    eventually(lambda: served.followed()["trades"] == 0)


def test_keys_are_in_no_log_of_a_stream(
    served: Served, broker: AlpacaBroker, data: AlpacaMarketData, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with broker.updates() as orders, data.market() as market:
        for stream in (orders, market):
            ear = Ear(stream)
            ear.until(ear.ups)
    for part in (SECRET[:8], SECRET[-8:], KEY[:8], KEY[-8:]):  # frames in a log are shortened
        assert part not in caplog.text
        assert part[:4].encode().hex(" ") not in caplog.text
        assert part[-4:].encode().hex(" ") not in caplog.text
