"""Streams of Alpaca's whose frames are odd, or do not come; on real sockets."""

import json
import threading
from typing import Any

import pytest
from msgspec.structs import replace
from websockets.sync.server import ServerConnection

from connectors.broker.alpaca.client import AlpacaBroker
from connectors.broker.alpaca.market_data import AlpacaMarketData
from connectors.broker.alpaca.market_stream import AlpacaMarketStream
from connectors.broker.alpaca.order_stream import AlpacaOrderStream
from connectors.broker.values import (
    MarketBar,
    OrderUpdate,
    StreamState,
)
from tests.broker.hearing import (
    AUTHORIZED,
    LISTENING,
    Ear,
    lets_data_in,
    lets_in,
    server_of,
    updates_from,
)
from tests.broker.raw import hangs, raw, says, shakes_hands_and_is_silent, shakes_hands_and_says
from tests.broker.served import QUICK, params_for
from tests.broker.venue import TICKER
from tests.unit.broker.test_alpaca_fills import UPDATE
from tests.unit.broker.test_alpaca_market_events import BAR
from tests.waiting import eventually, no_longer_than


def test_what_comes_before_the_stream_is_granted_is_not_lost() -> None:
    told = {"stream": "trade_updates", "data": UPDATE}

    def handle(connection: ServerConnection) -> None:
        lets_in(connection, told, LISTENING, told)

    with server_of(handle) as port, updates_from(port) as stream:
        ear = Ear(stream)
        ear.until(lambda: len(ear.of(OrderUpdate)) >= 2)
        assert [type(item) for item in ear.heard][:3] == [StreamState, OrderUpdate, OrderUpdate]


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
        ear.until(lambda: ear.ups() >= 2)
        assert [state.up for state in ear.of(StreamState)][:3] == [True, False, True]


def test_an_odd_order_of_somebody_else_does_not_bring_it_down() -> None:
    odd = [
        UPDATE | {"order": UPDATE["order"] | more}
        for more in ({"type": "market_on_close"}, {"side": "both"}, {"limit_price": "0.00001"})
    ] + [UPDATE | {"price": "NaN", "order": UPDATE["order"] | {"type": "new_one"}}]
    frames = [{"stream": "trade_updates", "data": data} for data in [*odd, UPDATE]]

    def handle(connection: ServerConnection) -> None:
        lets_in(connection, LISTENING, *frames)

    with server_of(handle) as port, updates_from(port) as stream:
        ear = Ear(stream)
        ear.until(lambda: len(ear.of(OrderUpdate)) >= 3)
        assert [u.order.status for u in ear.of(OrderUpdate)] == [
            "UNKNOWN", "UNKNOWN", "PARTIALLY_FILLED",
        ]  # fmt: skip
        assert ear.down() == []


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
            ear.until(ear.ups)
            assert market.take(0.5) == []
            open_now.set()
            ear.until(ear.down)
            assert "nothing came" in ear.down()[0]
        data.close()


def test_a_socket_that_answers_no_ping_is_brought_down() -> None:
    """The network is gone without a word: no end of the connection will ever come."""
    times = replace(QUICK, ping_s=1, pong_s=2)
    said = [json.dumps(frame).encode() for frame in (AUTHORIZED, LISTENING)]
    with raw(shakes_hands_and_says(*said)) as server, updates_from(server.port, times) as stream:
        ear = Ear(stream)
        ear.until(ear.down)
        assert [state.up for state in ear.of(StreamState)][:2] == [True, False]
        assert "ping timeout" in ear.down()[0]


@pytest.mark.parametrize("answer", [hangs, shakes_hands_and_is_silent])
def test_a_stream_that_hangs_is_let_go_within_seconds(answer: Any) -> None:
    with raw(answer) as server:
        broker, data = (
            AlpacaBroker(params_for(server.port)),
            AlpacaMarketData(params_for(server.port)),
        )
        streams: list[AlpacaOrderStream | AlpacaMarketStream] = [broker.updates(), data.market()]
        eventually(lambda: len(server.asked) == 2)
        with no_longer_than(20):
            for stream in streams:
                stream.close()
        eventually(lambda: not any(stream._thread.is_alive() for stream in streams))
        broker.close()
        data.close()


@pytest.mark.parametrize("which", ["orders", "market"])
def test_a_stream_that_is_sent_elsewhere_does_not_go_there(which: str) -> None:
    with raw(hangs) as elsewhere:
        there = f"Location: ws://localhost:{elsewhere.port}/"
        with raw(says(302, b"", there)) as server:
            broker = AlpacaBroker(params_for(server.port), QUICK)
            data = AlpacaMarketData(params_for(server.port), times=QUICK)
            with broker.updates() if which == "orders" else data.market() as stream:
                ear = Ear(stream)
                ear.until(ear.down)
                assert "elsewhere" in ear.down()[0]
            broker.close()
            data.close()
        assert elsewhere.asked == []
