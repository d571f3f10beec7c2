"""A websocket that is written by a task of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from connectors.broker.stand_in.outbox import Outbox

GONE: Final = (WebSocketDisconnect, RuntimeError)  # what Starlette raises on a closed socket
TRY_AGAIN: Final = 1012


@asynccontextmanager
async def writing(
    socket: WebSocket, outbox: Outbox, encode: Callable[[Any], bytes]
) -> AsyncIterator[None]:
    """Send what is put into an outbox, as binary frames; close the socket where it says so."""

    async def send(body: Any) -> None:
        await socket.send_bytes(encode(body))

    async def pump() -> None:
        with suppress(*GONE):
            await outbox.pump(send)
            await socket.close(TRY_AGAIN)

    task = asyncio.create_task(pump())
    try:
        with suppress(*GONE):
            yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def received(socket: WebSocket) -> bytes:
    """Return the next message, text or binary.

    Raises:
        WebSocketDisconnect: there is none.
    """
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1006))
    text = message.get("text")
    return message.get("bytes") or b"" if text is None else text.encode()
