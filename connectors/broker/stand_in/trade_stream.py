"""The stream of trade updates: JSON in binary frames, as Alpaca's paper desk sends it."""

import json
from typing import Any

import msgspec
from starlette.websockets import WebSocket

from connectors.broker.stand_in.faults import Faults
from connectors.broker.stand_in.keys import Keys
from connectors.broker.stand_in.outbox import END, OVERTAKEN_S, Outbox
from connectors.broker.stand_in.sockets import received, writing
from connectors.broker.stand_in.update_faults import Frame, with_faults
from messages.errors import UNDECODABLE

STREAM = "trade_updates"
MALFORMED = "invalid syntax"


class TradeStream:
    """Its connections, of which there may be several, and what they are told.

    What happens while nobody listens is told to nobody, then and later.
    """

    def __init__(self, keys: Keys, faults: Faults, overtaken_s: float = OVERTAKEN_S) -> None:
        """Begin without a listener; `overtaken_s` is as of `Outbox`."""
        self._keys, self.faults, self._overtaken_s = keys, faults, overtaken_s
        self._listeners: set[Outbox] = set()

    @property
    def listeners(self) -> int:
        """Return how many listen; whoever is cut off does not, from that moment on."""
        return len(self._listeners)

    def publish(self, update: dict[str, Any]) -> None:
        """Tell every listener of an update."""
        for frame in with_faults(update, self.faults):
            for outbox in self._listeners:
                outbox.put(frame)
            if frame.cut and not frame.overtaken:
                self._listeners.clear()

    def cut(self) -> None:
        """End every connection."""
        for outbox in self._listeners:
            outbox.put(END)
        self._listeners.clear()

    async def serve(self, socket: WebSocket) -> None:
        """Take a connection: it authenticates, and says that it listens."""
        await socket.accept()
        outbox = Outbox(self._overtaken_s)
        async with writing(socket, outbox, lambda body: json.dumps(body).encode()):
            try:
                await self._talk(socket, outbox)
            finally:
                self._listeners.discard(outbox)

    async def _talk(self, socket: WebSocket, outbox: Outbox) -> None:
        known = False
        while True:
            asked = _object(await received(socket))
            if asked is None:
                outbox.put(self._error(outbox))
                if not known:
                    outbox.put(END)
                continue
            action, data = asked.get("action"), asked.get("data")
            data = data if isinstance(data, dict) else {}
            if action in ("authenticate", "auth"):
                known = self._keys.fit(
                    data.get("key_id", asked.get("key")),
                    data.get("secret_key", asked.get("secret")),
                )
                outbox.put(_authorization("authorized" if known else "unauthorized", action))
            elif action == "listen" and known:
                outbox.put(self._listen(outbox, data.get("streams", [])))
            else:
                outbox.put(_authorization("unauthorized", "listen"))
            if not known:
                outbox.put(END)

    def _listen(self, outbox: Outbox, asked: object) -> Frame:
        """Let a connection follow what it asks for; no list changes nothing."""
        if not isinstance(asked, list):
            return self._error(outbox)
        streams = [s for s in asked if s == STREAM]
        (self._listeners.add if streams else self._listeners.discard)(outbox)
        return Frame({"stream": "listening", "data": {"streams": streams}})

    def _error(self, outbox: Outbox) -> Frame:
        streams = [STREAM] if outbox in self._listeners else []
        return Frame({"stream": "listening", "data": {"error": MALFORMED, "streams": streams}})


def _authorization(status: str, action: str) -> Frame:
    return Frame({"stream": "authorization", "data": {"status": status, "action": action}})


def _object(message: bytes) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(message)
    except UNDECODABLE:
        return None
    return found if isinstance(found, dict) else None
