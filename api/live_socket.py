"""/ws: a WebSocket on which the run tells what happens (docs/api.md has the messages)."""

import asyncio
import time
from collections import deque
from typing import Final, TypeVar

import msgspec
import psycopg
from msgspec import Struct
from psycopg_pool import PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.access.person import Person
from api.context import Api
from api.live import listener as closes
from api.live.channels import Channel
from api.live.cursor import LONGEST, CursorUnreadable
from api.live.hub import Full, NotReady
from api.live.listener import Listener
from api.problems import Away, Forbidden, Misdirected, Problem
from messages.errors import UNDECODABLE

HELLO_S: Final = 5.0
GOODBYE_S: Final = 10.0
MOST_SAID: Final = 20  # messages of one client within `WITHIN_S`
WITHIN_S: Final = 10.0
LARGEST: Final = 8_192  # bytes of a message
CONNECTS: Final = 600  # a minute, of one peer
WAITING: Final = 200  # sockets that have said nothing yet

Channels = tuple[Channel, ...]
T = TypeVar("T")


class Hello(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="hello"):
    """The first message: a ticket, what to hear, and where they were."""

    ticket: str
    channels: Channels
    cursor: str = ""


class Subscribe(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="subscribe"
):  # fmt: skip
    """From now on these channels, and no others."""

    channels: Channels


READ_HELLO: Final = msgspec.json.Decoder(Hello)
READ: Final = msgspec.json.Decoder(Subscribe)


class SentAway(Exception):
    """The socket is to be closed, with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        """Say why."""
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class LiveSocket:
    """Every WebSocket of one API."""

    def __init__(self, api: Api) -> None:
        """Take what is told, and to whom it may be."""
        self._api = api
        self._waiting = 0

    async def serve(self, socket: WebSocket) -> None:
        """Serve one socket to its end."""
        try:
            self._may_open(socket)
        except Problem as problem:
            await socket.send_denial_response(problem.response(request_id="websocket"))
            return
        await socket.accept()
        listener: Listener | None = None
        try:
            person, hello = await self._greeted(socket)
            try:
                listener, welcome = self._api.live.join(person, hello.channels, hello.cursor)
            except NotReady as error:
                raise SentAway(closes.AWAY, "BROKER_AWAY") from error
            except Full as error:
                raise SentAway(closes.TOO_MANY, "TOO_MANY_SOCKETS") from error
            except CursorUnreadable as error:
                raise SentAway(closes.BAD_MESSAGE, "CURSOR_INVALID") from error
            await socket.send_text(msgspec.json.encode(welcome).decode())
            await self._talk(socket, listener)
        except SentAway as away:
            await _close(socket, away.code, away.reason)
        except (WebSocketDisconnect, RuntimeError):
            return  # they have gone; Starlette says RuntimeError to whoever sends then
        finally:
            if listener is not None:
                self._api.live.leave(listener)

    def _may_open(self, socket: WebSocket) -> None:
        """Refuse foreign hosts and pages, and floods.

        Programs send no Origin: they need a ticket as browsers do.
        """
        origin, peer = self._api.access.origin, socket.client.host if socket.client else ""
        if socket.headers.get("host", "").lower() not in origin.hosts:
            raise Misdirected("WRONG_HOST", f"This server is {origin.public}.")
        if socket.headers.get("origin", origin.public) != origin.public:
            raise Forbidden("FOREIGN_PAGE", f"Only pages of {origin.public} may listen.")
        self._api.access.limits.take("ws", peer, CONNECTS)
        if self._waiting >= WAITING:
            raise Away("server")

    async def _greeted(self, socket: WebSocket) -> tuple[Person, Hello]:
        """Wait for the first message, and for whose ticket it is."""
        self._waiting += 1
        try:
            async with asyncio.timeout(HELLO_S):
                text = await _text(socket)
        except TimeoutError as error:
            raise SentAway(closes.NO_HELLO, "NO_HELLO") from error
        finally:
            self._waiting -= 1
        hello = _read(READ_HELLO, text, "NO_HELLO")
        if len(hello.cursor) > LONGEST:
            raise SentAway(closes.BAD_MESSAGE, "CURSOR_INVALID")
        try:
            person = self._api.access.tickets.take(hello.ticket)
            await run_in_threadpool(self._api.access.tokens.must_live, person)
        except Problem as problem:
            raise SentAway(closes.NO_TICKET, problem.code) from problem
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise SentAway(closes.AWAY, "DATABASE_AWAY") from error
        return person, hello

    async def _talk(self, socket: WebSocket, listener: Listener) -> None:
        """Send and hear until they are sent away, or have gone."""
        tasks = {
            asyncio.create_task(_send(socket, listener)),
            asyncio.create_task(_hear(socket, listener)),
        }
        code, reason = await listener.over()
        await asyncio.wait(tasks, timeout=GOODBYE_S, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        if code != closes.GONE:
            raise SentAway(code, reason)


async def _send(socket: WebSocket, listener: Listener) -> None:
    try:
        while (text := await listener.next()) is not None:
            await socket.send_text(text)
    except (WebSocketDisconnect, RuntimeError):
        listener.close(closes.GONE, "")


async def _hear(socket: WebSocket, listener: Listener) -> None:
    """Take what a client says, which is little."""
    said = deque[float](maxlen=MOST_SAID + 1)
    try:
        while True:
            text = await _text(socket)
            said.append(time.monotonic())
            if len(said) > MOST_SAID and said[-1] - said[0] < WITHIN_S:
                listener.close(closes.TOO_MANY, "FLOOD")
                return
            listener.channels = frozenset(_read(READ, text, "NO_SUCH_MESSAGE").channels)
            told = {"type": "subscribed", "channels": sorted(listener.channels)}
            listener.offer(msgspec.json.encode(told).decode())
    except SentAway as away:
        listener.close(away.code, away.reason)
    except (WebSocketDisconnect, RuntimeError):
        listener.close(closes.GONE, "")


async def _text(socket: WebSocket) -> str:
    """Wait for a message of text.

    Raises:
        SentAway: it is none, or too long.
        WebSocketDisconnect: they have gone.
    """
    try:
        text = await socket.receive_text()
    except KeyError as error:  # bytes
        raise SentAway(closes.BAD_MESSAGE, "NOT_TEXT") from error
    if len(text) > LARGEST:
        raise SentAway(closes.BAD_MESSAGE, "TOO_LONG")
    return text


def _read(decoder: msgspec.json.Decoder[T], text: str, reason: str) -> T:
    """Return what a message says.

    Raises:
        SentAway: it is no message of its kind, or nested deeper than anybody reads.
    """
    try:
        return decoder.decode(text)
    except (*UNDECODABLE, UnicodeError) as error:  # half a surrogate pair, too
        raise SentAway(closes.BAD_MESSAGE, reason) from error


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    """Say why, to who still reads; the connection of who does not is cut by the kernel."""
    try:
        async with asyncio.timeout(GOODBYE_S):
            await socket.close(code, reason)
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        return


def live_route(api: Api) -> WebSocketRoute:
    """Return the route of /ws."""
    return WebSocketRoute("/ws", LiveSocket(api).serve)
