"""What one listener of a stream is sent: in order, by a task of its own, so that none waits."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from connectors.broker.stand_in.update_faults import Frame

MOST: Final = 10_000  # frames that wait; a listener that is behind by more is let go
OVERTAKEN_S: Final = 0.5
END: Final = Frame(None, cut=True)


class Outbox:
    """Frames to one connection."""

    def __init__(self, overtaken_s: float = OVERTAKEN_S) -> None:
        """Begin empty; made on the server's loop.

        Args:
            overtaken_s: seconds that a frame waits for the next one to overtake it.
        """
        self._overtaken_s = overtaken_s
        self._waiting: asyncio.Queue[Frame] = asyncio.Queue()
        self._held: list[Frame] = []

    def put(self, frame: Frame) -> None:
        """Send a frame as it says."""
        if frame.overtaken:
            self._held.append(frame)
            asyncio.get_running_loop().call_later(self._overtaken_s, self._release)
            return
        full = self._waiting.qsize() >= MOST
        self._waiting.put_nowait(END if full else frame)
        self._release()

    async def pump(self, send: Callable[[Any], Awaitable[None]]) -> None:
        """Send what is put, until a frame ends the connection."""
        while True:
            frame = await self._waiting.get()
            if frame.wait_s:
                await asyncio.sleep(frame.wait_s)
            if frame.body is not None:
                await send(frame.body)
            if frame.cut:
                return

    def _release(self) -> None:
        held, self._held = self._held, []
        for frame in held:
            self._waiting.put_nowait(frame)
