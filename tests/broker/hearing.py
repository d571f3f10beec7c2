"""Listening to a stream of Alpaca's, and a server of websockets that says what a test wants."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgpack
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from connectors.broker.alpaca.client import AlpacaBroker
from connectors.broker.alpaca.market_stream import AlpacaMarketStream
from connectors.broker.alpaca.order_stream import AlpacaOrderStream
from connectors.broker.alpaca.streaming import StreamTimes
from connectors.broker.values import (
    StreamState,
)
from tests.broker.served import QUICK, params_for
from tests.waiting import eventually

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


def confirms(connection: ServerConnection) -> None:
    """Answer each message about what is followed, until the other side goes."""
    while True:
        connection.recv()
        connection.send(msgpack.packb([{"T": "subscription", "bars": []}]))


def lets_data_in(connection: ServerConnection, *frames: Any) -> None:
    connection.send(msgpack.packb([{"T": "success", "msg": "connected"}]))
    connection.recv()
    connection.send(msgpack.packb([{"T": "success", "msg": "authenticated"}]))
    for frame in frames:
        connection.send(frame if isinstance(frame, bytes) else msgpack.packb(frame))


def updates_from(port: int, times: StreamTimes = QUICK) -> AlpacaOrderStream:
    return AlpacaBroker(params_for(port), times).updates()
