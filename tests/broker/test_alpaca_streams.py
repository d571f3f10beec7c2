"""Both streams of Alpaca's on real sockets: what comes, what is cut, what is silent, and an end."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import msgpack
import pytest
from msgspec.structs import replace
from pydantic import SecretStr
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from connectors.broker.alpaca.client import AlpacaBroker
from connectors.broker.alpaca.market_data import AlpacaMarketData
from connectors.broker.alpaca.market_stream import AlpacaMarketStream
from connectors.broker.alpaca.order_stream import AlpacaOrderStream
from connectors.broker.alpaca.streaming import StreamTimes
from connectors.broker.base import Stream
from connectors.broker.simulated.rules import ExchangeRules
from connectors.broker.values import (
    MarketBar,
    NewOrder,
    OrderUpdate,
    Quote,
    StreamState,
    TradingStatus,
)
from tests.broker.raw import hangs, raw, shakes_hands_and_is_silent, shakes_hands_and_says
from tests.broker.served import KEY, QUICK, SECRET, Served, params_for, stand_in
from tests.broker.venue import DOLLAR, MINUTE, OTHER, TICKER
from tests.unit.broker.test_alpaca_fills import UPDATE
from tests.unit.broker.test_alpaca_market_events import BAR
from tests.waiting import eventually, no_longer_than

BEGINS = datetime(2025, 3, 12, 14, 0, tzinfo=UTC)
AUTHORIZED = {"stream": "authorization", "data": {"status": "authorized", "action": "authenticate"}}
LISTENING = {"stream": "listening", "data": {"streams": ["trade_updates"]}}
Item = TypeVar("Item")


class Ear:
    """Takes everything a stream tells."""

    def __init__(self, stream: AlpacaOrderStream | AlpacaMarketStream) -> None:
        self._stream = stream
        self.heard: list[Any] = []

    def until(self, answer: Callable[[], Any]) -> Any:
        def asked() -> Any:
            self.heard += self._stream.take(0.05)
            return answer()

        return eventually(asked, what=lambda: self.heard[-5:])

    def of(self, kind: type[Item]) -> list[Item]:
        return [item for item in self.heard if isinstance(item, kind)]

    def down(self) -> list[str]:
        return [state.reason for state in self.of(StreamState) if not state.up]

    def ups(self) -> int:
        return sum(state.up for state in self.of(StreamState))


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
        ear.until(lambda: ear.ups() == 1)
        served.cut("trades")
        ear.until(lambda: ear.ups() == 2)
        assert len(ear.down()) == 1
        order = place(broker)
        ear.until(lambda: [u for u in ear.of(OrderUpdate) if u.order.id == order])


def test_words_that_nobody_knows_and_repeats_pass_through(
    served: Served, broker: AlpacaBroker
) -> None:
    with broker.updates() as stream:
        ear = Ear(stream)
        ear.until(lambda: ear.ups() == 1)
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
        ear.until(lambda: ear.ups() == 1)
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
        ear.until(lambda: ear.ups() == 2)
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


@contextmanager
def server_of(handle: Callable[[ServerConnection], None]) -> Iterator[int]:
    """Serve websockets by a function on loopback; returns the port."""

    def handled(connection: ServerConnection) -> None:
        try:
            handle(connection)
            connection.recv()
        except ConnectionClosed:
            pass

    server: Server
    with serve(handled, "127.0.0.1", 0, ping_interval=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.socket.getsockname()[1]
        finally:
            server.shutdown()
            thread.join(60)


def lets_in(connection: ServerConnection, *frames: Any) -> None:
    connection.recv()
    connection.send(json.dumps(AUTHORIZED).encode())
    connection.recv()
    for frame in frames:
        connection.send(frame if isinstance(frame, bytes) else json.dumps(frame).encode())


def lets_data_in(connection: ServerConnection, *frames: Any) -> None:
    connection.send(msgpack.packb([{"T": "success", "msg": "connected"}]))
    connection.recv()
    connection.send(msgpack.packb([{"T": "success", "msg": "authenticated"}]))
    for frame in frames:
        connection.send(frame if isinstance(frame, bytes) else msgpack.packb(frame))


def updates_from(port: int, times: StreamTimes = QUICK) -> AlpacaOrderStream:
    return AlpacaBroker(params_for(port), times).updates()


def test_what_comes_before_the_stream_is_granted_is_not_lost() -> None:
    told = {"stream": "trade_updates", "data": UPDATE}

    def handle(connection: ServerConnection) -> None:
        lets_in(connection, told, LISTENING, told)

    with server_of(handle) as port, updates_from(port) as stream:
        ear = Ear(stream)
        ear.until(lambda: len(ear.of(OrderUpdate)) == 2)
        assert [type(item) for item in ear.heard] == [StreamState, OrderUpdate, OrderUpdate]


@pytest.mark.parametrize(
    "frame",
    [
        b"\xff\x00", b"[1, 2", {"stream": "trade_updates", "data": {"event": "fill"}},
        {"stream": "trade_updates", "data": UPDATE | {"price": "NaN"}},
        {"stream": "trade_updates", "data": UPDATE | {"qty": "-1"}},
        {"stream": "authorization", "data": {"status": "unauthorized", "action": "listen"}},
        {"stream": "listening", "data": {"error": "closed by us"}},
    ],
)  # fmt: skip
def test_an_update_that_means_nothing_brings_it_down_so_that_it_is_asked_for(frame: Any) -> None:
    first = iter([frame])

    def handle(connection: ServerConnection) -> None:
        lets_in(connection, LISTENING, *filter(None, [next(first, None)]))

    with server_of(handle) as port, updates_from(port) as stream:
        ear = Ear(stream)
        ear.until(lambda: ear.ups() == 2)
        assert len(ear.down()) == 1


def test_frames_of_other_kinds_are_left_alone() -> None:
    odd = [{"stream": "account_updates", "data": {}}, ["x"], 5, {"stream": "trade_updates",
           "data": {"order": {"order_class": "mleg"}}}]  # fmt: skip

    def handle(connection: ServerConnection) -> None:
        lets_in(connection, LISTENING, *odd, {"stream": "trade_updates", "data": UPDATE})

    with server_of(handle) as port, updates_from(port) as stream:
        ear = Ear(stream)
        ear.until(lambda: ear.of(OrderUpdate))
        assert len(ear.heard) == 2


def test_a_stream_that_is_not_granted_is_said() -> None:
    def handle(connection: ServerConnection) -> None:
        lets_in(connection, {"stream": "listening", "data": {"streams": []}})

    with server_of(handle) as port, updates_from(port) as stream:
        ear = Ear(stream)
        ear.until(ear.down)
        assert ear.ups() == 0


def test_odd_bars_are_counted_and_the_stream_goes_on() -> None:
    bad = BAR | {"o": float("nan")}

    def handle(connection: ServerConnection) -> None:
        lets_data_in(connection, [bad, BAR | {"t": None}, {"T": "b"}, 7, BAR | {"T": "zz"}], [BAR])

    with server_of(handle) as port:
        data = AlpacaMarketData(params_for(port), times=QUICK)
        with data.market() as market:
            ear = Ear(market)
            ear.until(lambda: ear.of(MarketBar))
            assert ear.down() == []
        assert data.dropped.total() == 3
        data.close()


@pytest.mark.parametrize(
    "frame", [[{"T": "error", "code": 405, "msg": "symbol limit exceeded"}], b"\xc1", 5]
)
def test_what_alpaca_does_not_give_is_said(frame: Any) -> None:
    def handle(connection: ServerConnection) -> None:
        lets_data_in(connection, frame)

    with server_of(handle) as port:
        data = AlpacaMarketData(params_for(port), times=QUICK)
        with data.market() as market:
            ear = Ear(market)
            ear.until(lambda: ear.ups() >= 2)
            assert ear.down()
        data.close()


def test_a_market_that_says_nothing_while_it_is_open_is_brought_down() -> None:
    open_now = threading.Event()

    def handle(connection: ServerConnection) -> None:
        lets_data_in(connection)
        while True:  # pings are answered beside it, and nothing else is said
            connection.recv()

    with server_of(handle) as port:
        data = AlpacaMarketData(
            params_for(port), times=QUICK, silent_s=0.2, is_open=lambda _: open_now.is_set()
        )
        with data.market() as market:
            ear = Ear(market)
            market.follow(frozenset((TICKER,)))
            ear.until(lambda: ear.ups() == 1)
            assert market.take(0.5) == []
            open_now.set()
            ear.until(ear.down)
            assert "nothing came" in ear.down()[0]
        data.close()


def test_a_socket_that_answers_no_ping_is_brought_down() -> None:
    """The network is gone without a word: no end of the connection will ever come."""
    times = replace(QUICK, ping_s=0.05, pong_s=0.1)
    said = [json.dumps(frame).encode() for frame in (AUTHORIZED, LISTENING)]
    with raw(shakes_hands_and_says(*said)) as server, updates_from(server.port, times) as stream:
        ear = Ear(stream)
        ear.until(ear.down)
        assert ear.ups() == 1
        assert "ping timeout" in ear.down()[0]


@pytest.mark.parametrize("answer", [hangs, shakes_hands_and_is_silent])
def test_a_stream_that_hangs_is_let_go_within_seconds(answer: Any) -> None:
    with raw(answer) as server:
        broker, data = (
            AlpacaBroker(params_for(server.port)),
            AlpacaMarketData(params_for(server.port)),
        )
        streams: list[Stream] = [broker.updates(), data.market()]
        eventually(lambda: len(server.asked) == 2)
        with no_longer_than(20):
            for stream in streams:
                stream.close()
        assert not {"alpaca-orders", "alpaca-market"} & {t.name for t in threading.enumerate()}
        broker.close()
        data.close()


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
