"""One listener: what waits to be sent to them, and why they are sent away."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final

from api.access.person import Person
from api.live.channels import Channel
from api.live.history import Missed

MOST_WAITING: Final = 1_000


class Listener:
    """Somebody on /ws; used on the event loop alone.

    Attributes:
        person: who listens.
        channels: that they hear.
        newest: number of the newest event that they have, or will have without being told again.
        cursor: behind all that they were given, of whatever channel.
        closed: code and reason, once they are to be sent away.
    """

    def __init__(
        self, person: Person, channels: Iterable[Channel], most: int = MOST_WAITING
    ) -> None:
        """Begin with nothing waiting."""
        self.person = person
        self.channels = frozenset(channels)
        self.newest = 0
        self.cursor = ""
        self.closed: tuple[int, str] | None = None
        self._most = most
        self._first: deque[Missed] = deque()  # what was missed: kept already, so without a bound
        self._waiting: deque[str] = deque()
        self._bell = asyncio.Event()
        self._over = asyncio.Event()

    def catch_up(self, events: Iterable[Missed]) -> None:
        """Take what is to be sent before anything else; each is written when it is its turn."""
        self._first.extend(events)
        self._bell.set()

    def offer(self, text: str) -> None:
        """Take what is to be sent; who has too much waiting is sent away."""
        if self.closed is not None:
            return
        if len(self._waiting) >= self._most:
            self.close(SLOW, "SLOW_CLIENT")
            return
        self._waiting.append(text)
        self._bell.set()

    def close(self, code: int, reason: str) -> None:
        """Send them away; nothing more is sent."""
        self.closed = self.closed or (code, reason)
        self._first.clear()
        self._waiting.clear()
        self._bell.set()
        self._over.set()

    async def over(self) -> tuple[int, str]:
        """Wait until they are sent away, or have gone; returns code and reason."""
        await self._over.wait()
        return self.closed or (GONE, "")

    async def next(self) -> str | None:
        """Wait for what is to be sent next; None when they are sent away."""
        while self.closed is None:
            if self._first:
                return self._first.popleft().text
            if self._waiting:
                return self._waiting.popleft()
            self._bell.clear()
            await self._bell.wait()
        return None


GONE: Final = 1005  # they have left by themselves
# Codes of a close: those of an application, with the digits of the status of HTTP that is alike.
BAD_MESSAGE: Final = 4400
NO_TICKET: Final = 4401
SESSION_OVER: Final = 4403
NO_HELLO: Final = 4408
SLOW: Final = 4413
TOO_MANY: Final = 4429
AWAY: Final = 4503
