"""Alpaca's news interfaces on a loopback port: the stream in MessagePack, and REST."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import msgpack
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect


class AlpacaDouble:
    """What the stand-in sends and was asked; change it while it runs."""

    def __init__(self) -> None:
        self.rest: list[Any] = []
        self.body: Any = None  # a whole answer in their place
        self.rest_status = 200
        self.asked: list[dict[str, str]] = []
        self.connections = 0
        self.good_keys = True
        self._sockets: list[WebSocket] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self.port = 0

    def send(self, *frames: Any) -> None:
        self._run(self._send(list(frames)))

    def drop(self) -> None:
        self._run(self._close())

    def app(self) -> Starlette:
        return Starlette(
            routes=[Route("/v1beta1/news", self._news), WebSocketRoute("/stream", self._stream)]
        )

    def _run(self, work: Any) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _send(self, frames: list[Any]) -> None:
        for socket in self._sockets:
            await socket.send_bytes(msgpack.packb(frames))

    async def _close(self) -> None:
        for socket in self._sockets:
            await socket.close()
        self._sockets.clear()

    async def _news(self, request: Request) -> JSONResponse:
        self.asked.append(dict(request.query_params))
        if self.rest_status != 200:
            return JSONResponse({"code": 1, "message": "no"}, self.rest_status)
        if self.body is not None:
            return JSONResponse(self.body)
        return JSONResponse({"news": self.rest, "next_page_token": None})

    async def _stream(self, socket: WebSocket) -> None:
        self._loop = asyncio.get_running_loop()
        await socket.accept()
        await socket.send_bytes(msgpack.packb([{"T": "success", "msg": "connected"}]))
        await socket.receive_bytes()
        if not self.good_keys:
            error = {"T": "error", "code": 402, "msg": "auth failed"}
            await socket.send_bytes(msgpack.packb([error]))
            return
        await socket.send_bytes(msgpack.packb([{"T": "success", "msg": "authenticated"}]))
        asked = msgpack.unpackb(await socket.receive_bytes())
        await socket.send_bytes(msgpack.packb([{"T": "subscription", "news": asked["news"]}]))
        self.connections += 1
        self._sockets.append(socket)
        with suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await socket.receive_bytes()


def frame(number: int, headline: str, **more: Any) -> dict[str, Any]:
    """Return a news frame of the stream."""
    now = msgpack.Timestamp.from_datetime(datetime.now(UTC))
    return {
        "T": "n", "id": number, "headline": headline, "summary": "", "author": "x",
        "created_at": now, "updated_at": now, "url": f"https://x.test/{number}", "content": "",
        "symbols": ["AAPL"], "source": "benzinga", **more,
    }  # fmt: skip


@contextmanager
def alpaca() -> Iterator[AlpacaDouble]:
    double = AlpacaDouble()
    config = uvicorn.Config(
        double.app(), host="127.0.0.1", port=0, log_level="warning", ws="websockets-sansio"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.02)
    double.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield double
    finally:
        server.should_exit = True
        thread.join(60)
