"""The hub: takes what the tail reads, and gives it to whoever listens.

Two threads meet here: the tail's adds and tells, the event loop's joins, leaves and sends. What was
missed and what comes are joined without gap or double: an event is kept in the history before the
loop is told of it, and a listener knows the number of the newest event that it was given.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg
from psycopg_pool import PoolTimeout
from starlette.concurrency import run_in_threadpool

from api.access.person import Person
from api.live.channels import BACKTESTS, Channel
from api.live.cursor import Place
from api.live.history import Event, History, Missed, TooOld
from api.live.listener import AWAY, SESSION_OVER, Listener
from api.values import moment_text
from connectors.kafka.follower import FollowedRecord

HEARTBEAT_S: Final = 10.0
MOST_OF_ONE: Final = 16  # sockets of one sign-in
MOST: Final = 2_000
AT_ONCE: Final = 100  # events that are told together; fewer than a listener may have waiting
TAKEN_S: Final = 5.0


class NotReady(Exception):
    """The topics have not been read to their end yet: the broker is away, or it is just begun."""


class Full(Exception):
    """There are too many listeners, or too many of one sign-in."""


class Hub:
    """All who listen, and the newest events."""

    def __init__(
        self, run_id: str, now: Callable[[], datetime],
        alive: Callable[[Collection[str]], set[str]], heartbeat_s: float = HEARTBEAT_S,
    ) -> None:  # fmt: skip
        """Begin with nobody.

        Args:
            run_id: of the run that is told.
            now: the wall clock.
            alive: tells which of some sign-ins go on; may wait, is asked in a thread.
            heartbeat_s: between two heartbeats.
        """
        self._run_id, self._now, self._alive = run_id, now, alive
        self._heartbeat_s = heartbeat_s
        self._lock = threading.Lock()
        self._history: History | None = None
        self._ready = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heart: asyncio.Task[None] | None = None
        self._listeners: set[Listener] = set()

    # Called by the tail.

    def begin(self, start: Mapping[Place, int], channels: Mapping[str, Channel]) -> None:
        """Begin at offsets, see `History`; what was kept before is forgotten."""
        with self._lock:
            again = self._history is not None
            self._history, self._ready = History(self._run_id, start, channels), False
        if again:
            self._call(self._send_away, AWAY, "BROKER_AWAY")  # they come back with their cursors

    def ready(self) -> None:
        """Say that the topics have been read to where they ended at the start."""
        self._ready = True

    def tell(
        self, records: Iterable[tuple[str, FollowedRecord]], position: Mapping[Place, int]
    ) -> None:
        """Tell new records by their topics' names; `position`: of the reader behind them."""
        with self._lock:
            if self._history is None:
                return
            events = [self._history.add(name, record) for name, record in records]
            self._history.pass_to(position)
            loop, newest, at = self._loop, self._history.newest, self._history.cursor
        if loop is None:
            return
        for first in range(0, len(events), AT_ONCE):
            # A listener is slow by what it leaves waiting, not by what comes at once: each part is
            # taken, and its listeners have their turn, before the next one is told.
            taken = threading.Event()
            if not self._call(self._deliver, events[first : first + AT_ONCE], taken):
                return
            taken.wait(TAKEN_S)
        self._call(self._pass, newest, at)

    # Called on the loop.

    def join(
        self, person: Person, channels: Iterable[Channel], cursor: str
    ) -> tuple[Listener, dict[str, Any]]:
        """Let somebody listen; returns them, and what they are welcomed with.

        Raises:
            NotReady: nothing can be told yet.
            Full: there are too many.
            CursorUnreadable: the cursor is none of this run's.
        """
        if self._history is None or not self._ready:
            raise NotReady
        of_one = Counter(each.person.session for each in self._listeners)[person.session]
        if len(self._listeners) >= MOST or of_one >= MOST_OF_ONE:
            raise Full
        self._loop = asyncio.get_running_loop()
        found = Listener(person, channels)
        with self._lock:
            missed, gap = self._missed(cursor, found.channels)
            found.newest = self._history.newest
            found.cursor = at = self._history.cursor
        found.catch_up(missed)
        self._listeners.add(found)
        if self._heart is None or self._heart.done():
            self._heart = self._loop.create_task(self._beat())
        welcome = {
            "type": "welcome", "run": self._run_id, "channels": sorted(found.channels),
            "heartbeat_s": self._heartbeat_s, "missed": len(missed), "gap": gap,
            "cursor": cursor if missed else at,
        }  # fmt: skip
        return found, welcome

    def leave(self, listener: Listener) -> None:
        """Let somebody go."""
        self._listeners.discard(listener)

    def end_session(self, session: str) -> None:
        """Send away whoever listens under a sign-in that is over; from any thread."""
        self._call(self._end, {session})

    def say(self, kind: str, data: dict[str, Any]) -> None:
        """Tell something of this process's own, such as a backtest's progress; from any thread."""
        text = own_event(kind, data)
        self._call(self._offer, text, BACKTESTS)

    def _missed(self, cursor: str, channels: Collection[Channel]) -> tuple[list[Missed], bool]:
        """Return the events of channels behind a cursor, and whether some of them are gone."""
        if not cursor or self._history is None:
            return [], False
        try:
            return self._history.since(cursor, channels), False
        except TooOld:
            return [], True

    def _call(self, call: Callable[..., None], *arguments: object) -> bool:
        """Have the loop call something; returns whether there is a loop that will."""
        if self._loop is None:
            return False
        try:
            self._loop.call_soon_threadsafe(call, *arguments)
        except RuntimeError:  # it is closed: the server has stopped
            return False
        return True

    def _deliver(self, events: list[Event], taken: threading.Event) -> None:
        for event in events:
            for listener in self._listeners:
                if event.number > listener.newest:
                    listener.newest, listener.cursor = event.number, event.cursor
                    if event.channel in listener.channels:
                        listener.offer(event.text)
        asyncio.get_running_loop().call_soon(taken.set)  # behind those whom it woke

    def _pass(self, newest: int, cursor: str) -> None:
        """Go over records that are nobody's news, with those who were given all before them."""
        for listener in self._listeners:
            if listener.newest == newest:
                listener.cursor = cursor

    def _offer(self, text: str, channel: Channel) -> None:
        for listener in self._listeners:
            if channel in listener.channels:
                listener.offer(text)

    def _end(self, sessions: set[str]) -> None:
        for listener in self._listeners:
            if listener.person.session in sessions:
                listener.close(SESSION_OVER, "SESSION_ENDED")

    def _send_away(self, code: int, reason: str) -> None:
        for listener in self._listeners:
            listener.close(code, reason)

    async def _beat(self) -> None:
        """Say that all is well, and look whose sign-in is over, while anybody listens."""
        while self._listeners:
            await asyncio.sleep(self._heartbeat_s)
            at = moment_text(self._now())
            for listener in self._listeners:  # each is told how far they themselves have been told
                told = {"type": "heartbeat", "at": at, "cursor": listener.cursor}
                listener.offer(msgspec.json.encode(told).decode())
            sessions = {each.person.session for each in self._listeners}
            try:
                self._end(sessions - await run_in_threadpool(self._alive, sessions))
            except (psycopg.OperationalError, PoolTimeout):
                continue  # the database is away: asked again next time


def own_event(kind: str, data: dict[str, Any]) -> str:
    """Return an event of this process's own, as it is sent; it has no cursor."""
    told = {"type": "event", "channel": BACKTESTS, "kind": kind, "data": data}
    return msgspec.json.encode(told).decode()
