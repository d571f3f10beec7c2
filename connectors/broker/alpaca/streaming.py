"""A connection that is kept up on a thread of its own, and says when it was not.

One line after another: each connects, is let in and asks for its channels by the SDK's own
methods; then it is read until something is wrong with it. The SDK's own loop is not used: it says
nothing of what was missed, and takes seconds to stop.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Generic, Protocol, Self, TypeVar

from alpaca.common.utils import reconnect_delay
from msgspec import Struct

from connectors.broker.errors import BrokerAway, BrokerError
from connectors.broker.mailbox import Mailbox
from connectors.broker.values import StreamState
from connectors.direct_socket import Direct

log = logging.getLogger(__name__)
# The library writes every frame to its log, the one with the keys too.
quiet = logging.getLogger(f"{__name__}.frames")
quiet.setLevel(logging.WARNING)

CLOSING_S: Final = 3.0
LINE_CLOSING_S: Final = 0.5
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class StreamTimes(Struct, frozen=True, kw_only=True):
    """How patient a stream is, in seconds.

    Attributes:
        open_s: to connect, be let in and be given its channels.
        ping_s: between two pings; pong_s: until one must be answered.
        back_off_s, max_back_off_s: before the next try, from and up to; about.
        steady_s: up for so long, the next try is a first one again.
        capacity: items that wait for the reader; beyond it the stream is brought down.
    """

    open_s: float = 15.0
    ping_s: float = 10.0
    pong_s: float = 20.0
    back_off_s: float = 1.0
    max_back_off_s: float = 30.0
    steady_s: float = 10.0
    capacity: int = 100_000

    @property
    def socket(self) -> dict[str, Any]:
        """Return the parameters of a connection."""
        return {
            "ping_interval": self.ping_s,
            "ping_timeout": self.pong_s,
            "open_timeout": self.open_s,
            "close_timeout": LINE_CLOSING_S,
            "max_queue": 1_024,
            "logger": quiet,
            "create_protocol": Direct,
        }


class Line(Protocol[T_co]):
    """One connection."""

    async def open(self) -> None:
        """Connect, be let in, and be given the channels; whatever it raises, it failed."""
        ...

    async def receive(self) -> Sequence[T_co]:
        """Return what came; whatever it raises, the line is broken."""
        ...

    async def drop(self) -> None:
        """Let go of the connection; says nothing about how that went."""
        ...


L = TypeVar("L", bound=Line[Any])


class KeptStream(Generic[T, L]):
    """Lines, one after another, and what they brought."""

    def __init__(
        self, name: str, make: Callable[[], L], times: StreamTimes,
        hide: Callable[[object], str],
    ) -> None:  # fmt: skip
        """Start to connect at once.

        Args:
            name: of its thread.
            make: returns a line that is not open yet.
            times: how patient it is.
            hide: takes keys out of a text.
        """
        self._make, self._times, self._hide = make, times, hide
        self._mailbox: Mailbox[T | StreamState] = Mailbox(times.capacity)
        self._said: tuple[bool, str] | None = None
        self._closing = threading.Event()
        self._asked: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._line: L | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> list[T | StreamState]:
        """Return what came, in order; an empty list where nothing came within the time."""
        return self._mailbox.take(timeout_s)

    def close(self) -> None:
        """Let go of it; returns within seconds, also while it hangs."""
        self._closing.set()
        if self._loop is not None and self._task is not None:
            with suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(CLOSING_S)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Close it."""
        self.close()

    def _soon(self, work: Callable[[L], Coroutine[Any, Any, None]]) -> None:
        """Have the line that is open do something; another one will find out by itself."""

        def start() -> None:
            if self._line is not None:
                task = asyncio.ensure_future(work(self._line))
                self._asked.add(task)
                task.add_done_callback(self._answered)

        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(start)

    def _answered(self, done: asyncio.Task[None]) -> None:
        self._asked.discard(done)
        if not done.cancelled() and (error := done.exception()) is not None:
            log.warning("%s could not be asked: %s", self._thread.name, type(error).__name__)

    def _run(self) -> None:
        """Keep it up until it is closed, whatever ends its loop."""
        while not self._closing.is_set():
            try:
                asyncio.run(self._keep())
            except BaseException as error:  # it must not end without a word
                if not self._closing.is_set():
                    self._failed(error)
            self._closing.wait(self._times.back_off_s)

    def _failed(self, error: BaseException) -> None:
        """Say that it is down, in words that cannot fail themselves."""
        reason = f"it failed by itself: {type(error).__name__}"
        log.error("%s: %s", self._thread.name, reason)
        self._say(up=False, reason=reason)

    async def _keep(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        failures = 0
        while not self._closing.is_set():
            began = None
            try:
                began = await self._one_line()
            except Exception as error:  # of its own making: the next line is tried
                self._failed(error)
            steady = began is not None and time.monotonic() - began >= self._times.steady_s
            failures = 1 if steady else failures + 1
            await asyncio.sleep(
                reconnect_delay(failures, self._times.back_off_s, self._times.max_back_off_s)
            )
            while self._mailbox.crowded:  # noqa: ASYNC110  # its reader is on another thread
                await asyncio.sleep(self._times.back_off_s)

    async def _one_line(self) -> float | None:
        """Open a line and read it to its end; returns when it came up, if it did."""
        line, began = self._make(), None
        try:
            async with asyncio.timeout(self._times.open_s):
                await line.open()
            began = time.monotonic()
            self._line = line
            self._say(up=True)
            while True:
                await self._deliver(line)
        except Exception as error:  # whatever it was, the next line is tried
            reason = self._hide(_words(error))
            log.warning("%s is down: %s", self._thread.name, reason)
            self._say(up=False, reason=reason)
        finally:
            self._line = None
            await line.drop()
        return began

    async def _deliver(self, line: L) -> None:
        for item in await line.receive():
            if not self._mailbox.put(item):
                reason = f"its reader is more than {self._times.capacity} items behind"
                raise BrokerAway(reason)

    def _say(self, *, up: bool, reason: str = "") -> None:
        """Put a state into the mailbox; the same failure again is not told twice."""
        if self._said != (up, reason):
            self._said = (up, reason)
            state = StreamState(up=up, reason=reason, at=datetime.now(UTC))
            self._mailbox.put(state, always=True)


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return str(error) if isinstance(error, BrokerError) else f"{type(error).__name__}: {error}"


async def let_go(socket: Any) -> None:
    """Close a websocket in a moment, whether the other side takes part or not."""
    if socket is None:
        return
    try:
        with suppress(Exception):
            async with asyncio.timeout(LINE_CLOSING_S):
                await socket.close()
    finally:  # also where it is cancelled meanwhile
        transport = getattr(socket, "transport", None)
        if transport is not None:
            transport.abort()
