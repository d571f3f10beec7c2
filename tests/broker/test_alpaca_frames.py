"""Streams of Alpaca's whose frames are odd, or do not come; on real sockets."""

import asyncio
import json
import threading
from typing import Any

import msgpack
import pytest
from msgspec.structs import replace
from websockets.sync.server import ServerConnection

from connectors.broker.alpaca.client import AlpacaBroker
from connectors.broker.alpaca.keys import Access
from connectors.broker.alpaca.market_data import AlpacaMarketData
from connectors.broker.alpaca.market_events import Reading
from connectors.broker.alpaca.market_stream import AlpacaMarketStream, MarketLine, Silence, Wanted
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
    confirms,
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
from tests.waiting import eventually, no_longer_than, turn_of_others


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
        confirms(connection)  # pings are answered beside it, and nothing else is said

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


def following(stream: AlpacaMarketStream, *tickers: str) -> None:
    stream.follow(frozenset(tickers))


def test_a_market_is_up_once_what_is_followed_is_confirmed() -> None:
    asked, answer = threading.Event(), threading.Event()
    wanted: list[Any] = []

    def handle(connection: ServerConnection) -> None:
        lets_data_in(connection)
        wanted.append(msgpack.unpackb(connection.recv()))  # halts, bars, their revisions: 3
        asked.set()
        answer.wait(60)
        connection.send(msgpack.packb([BAR]))  # of what was confirmed in part
        connection.send(msgpack.packb([{"T": "subscription"}]))
        while True:
            wanted.append(msgpack.unpackb(connection.recv()))
            connection.send(msgpack.packb([{"T": "subscription"}]))

    refused = threading.Event()

    def first_refuses(connection: ServerConnection) -> None:
        if refused.is_set():
            handle(connection)
        refused.wait(60)
        connection.close()

    with server_of(first_refuses) as port:
        data = AlpacaMarketData(params_for(port), times=QUICK)
        with data.market() as market:
            following(market, TICKER)  # the first connection waits meanwhile
            refused.set()
            ear = Ear(market)
            assert asked.wait(60)
            ear.until(asked.is_set)
            assert ear.ups() == 0
            following(market, TICKER, "LATE")  # while it is being opened
            answer.set()
            ear.until(ear.ups)
            ear.until(lambda: ear.of(MarketBar))
            eventually(lambda: "LATE" in {t for m in wanted for t in m.get("bars", ())})
        data.close()


def test_too_many_tickers_are_said_with_what_to_do() -> None:
    def handle(connection: ServerConnection) -> None:
        lets_data_in(connection)
        connection.recv()
        limit = {"T": "error", "code": 405, "msg": "symbol limit exceeded"}
        connection.send(msgpack.packb([limit]))

    with server_of(handle) as port:
        data = AlpacaMarketData(params_for(port), times=QUICK)
        with data.market() as market:
            following(market, TICKER)
            ear = Ear(market)
            ear.until(lambda: any("follow fewer tickers" in said for said in ear.down()))
        data.close()


@pytest.mark.parametrize("count", [2, 50])
def test_what_is_followed_while_it_is_asked_for_is_asked_for_too(count: int) -> None:
    """A message takes its time to leave; what is wanted may change until the last one has."""

    class Slow:
        transport = None

        def __init__(self) -> None:
            self.sent: list[Any] = []

        async def send(self, message: bytes) -> None:
            self.sent.append(msgpack.unpackb(message))
            if len(self.sent) < count:
                wanted.follow(frozenset(f"T{n}" for n in range(len(self.sent) + 1)), frozenset())
            await turn_of_others()

    async def asking() -> None:
        line = MarketLine(Access(params_for(1)), QUICK, wanted, Reading(),
                          Silence(None, lambda _: False))  # fmt: skip
        line._ws = slow
        await line.ask()

    wanted, slow = Wanted(), Slow()
    wanted.follow(frozenset(("T0",)), frozenset())
    asyncio.run(asking())
    asked = {ticker for message in slow.sent for ticker in message.get("bars", ())}
    assert asked >= wanted.channels["bars"]
    assert len(wanted.channels["bars"]) > 1


def test_one_confirmation_of_everything_is_enough() -> None:
    followed = threading.Event()

    def handle(connection: ServerConnection) -> None:
        followed.wait(60)
        lets_data_in(connection)
        for _ in range(3):
            connection.recv()
        told = {name: [TICKER] for name in ("bars", "updatedBars", "statuses")}
        connection.send(msgpack.packb([{"T": "subscription", **told}]))

    with server_of(handle) as port:
        data = AlpacaMarketData(params_for(port), times=QUICK)
        with data.market() as market:
            following(market, TICKER)
            followed.set()
            ear = Ear(market)
            ear.until(ear.ups)
            assert ear.down() == []
        data.close()
