"""A stream of market data or news: MessagePack, one connection per key, changing subscriptions."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgpack
from starlette.websockets import WebSocket

from connectors.broker.stand_in.faults import Faults
from connectors.broker.stand_in.keys import Keys
from connectors.broker.stand_in.outbox import END, Outbox
from connectors.broker.stand_in.sockets import received, writing
from connectors.broker.stand_in.update_faults import Frame

Message = dict[str, Any]
Followed = dict[str, set[str]]  # channel -> symbols, `*` for all
STOCKS: Final = (
    "trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds", "corrections",
    "cancelErrors",
)  # fmt: skip
NEWS: Final = ("news",)
AUTH_S: Final = 10.0
# What msgpack raises for bytes that are none; a stamp of its own kind may be out of range.
UNREADABLE: Final = (
    ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException,
)  # fmt: skip
ERRORS: Final[Mapping[int, str]] = {
    400: "invalid syntax",
    401: "not authenticated",
    402: "auth failed",
    403: "already authenticated",
    404: "auth timeout",
    406: "connection limit exceeded",
}


class DataStream:
    """One endpoint: its connection, and what that follows."""

    def __init__(self, name: str, channels: tuple[str, ...], keys: Keys, faults: Faults) -> None:
        """Begin without a connection; `name` is what faults call it."""
        self.name, self.faults = name, faults
        self._channels, self._keys = channels, keys
        self._connected: dict[Outbox, Followed] = {}

    @property
    def followed(self) -> dict[str, list[str]]:
        """Return what is followed now, by channel."""
        found: Followed = {channel: set() for channel in self._channels}
        for followed in self._connected.values():
            for channel, symbols in followed.items():
                found[channel] |= symbols
        return {channel: sorted(symbols) for channel, symbols in found.items()}

    def publish(self, channel: str, told: Iterable[tuple[Iterable[str], Message]]) -> None:
        """Tell who follows; several messages go in one frame.

        Args:
            channel: of all of them.
            told: each with its symbols.
        """
        told = list(told)
        if not told:
            return
        number = self.faults.strikes("disconnects", f"{self.name} {channel}")
        before = number is not None and self.faults.draw("disconnects", number, "when") < 1 / 2
        for outbox, followed in self._connected.items():
            wanted = followed[channel]
            found = [m for symbols, m in told if "*" in wanted or wanted & set(symbols)]
            if found and not before:
                outbox.put(Frame(found))
            if number is not None:
                self._end(outbox)

    def cut(self) -> None:
        """End the connection."""
        for outbox in self._connected:
            self._end(outbox)

    def _end(self, outbox: Outbox) -> None:
        """End a connection: it follows nothing from now on, and has its place until it is gone."""
        outbox.put(END)
        for followed in self._connected[outbox].values():
            followed.clear()

    async def serve(self, socket: WebSocket) -> None:
        """Take a connection: it authenticates, and then says what it follows."""
        await socket.accept()
        outbox = Outbox()
        async with writing(socket, outbox, msgpack.packb):
            outbox.put(Frame([{"T": "success", "msg": "connected"}]))
            code = await self._authenticated(socket)
            if code:
                outbox.put(_error(code))
                outbox.put(END)
                await received(socket)
                return
            self._connected[outbox] = {channel: set() for channel in self._channels}
            try:
                outbox.put(Frame([{"T": "success", "msg": "authenticated"}]))
                while True:
                    outbox.put(self._answer(_map(await received(socket)), outbox))
            finally:
                del self._connected[outbox]

    async def _authenticated(self, socket: WebSocket) -> int:
        """Return 0, or the error's number."""
        try:
            asked = _map(await asyncio.wait_for(received(socket), AUTH_S))
        except TimeoutError:
            return 404
        if asked is None:
            return 400
        if asked.get("action") != "auth":
            return 401
        if not self._keys.fit(asked.get("key"), asked.get("secret")):
            return 402
        return 406 if self._connected else 0

    def _answer(self, asked: Message | None, outbox: Outbox) -> Frame:
        if asked is None:
            return _error(400)
        action, followed = asked.get("action"), self._connected[outbox]
        if action == "auth":
            return _error(403)
        wanted = {channel: _symbols(asked.get(channel)) for channel in self._channels}
        if action not in ("subscribe", "unsubscribe") or None in wanted.values():
            return _error(400)
        for channel, found in wanted.items():
            symbols = found or set()
            if action == "subscribe":
                followed[channel] |= symbols
            else:
                followed[channel] -= symbols
        now = {channel: sorted(symbols) for channel, symbols in followed.items()}
        return Frame([{"T": "subscription", **now}])


def _error(code: int) -> Frame:
    return Frame([{"T": "error", "code": code, "msg": ERRORS[code]}])


def _symbols(asked: object) -> set[str] | None:
    """Return the symbols of a channel, none where it is not named; None for what are none."""
    if asked is None:
        return set()
    if not isinstance(asked, list) or not all(isinstance(symbol, str) for symbol in asked):
        return None
    return set(asked)


def _map(message: bytes) -> Message | None:
    try:
        found = msgpack.unpackb(message)
    except UNREADABLE:
        return None
    return found if isinstance(found, dict) else None
