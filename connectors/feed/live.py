"""The live news source: each feed on a thread of its own, and the wall clock as ticks.

The worker never waits for a feed: it wakes at every tick and takes what the threads have put
down. What a feed remembers (validators, the newest item) goes into the snapshot with the rows
that were taken, never before them: after a crash the feed is asked again for what was lost.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import blake2b
from queue import SimpleQueue
from typing import Final

from bytewax.inputs import FixedPartitionedSource

from connectors.draining import drained
from connectors.envelope import SHARD, Envelope
from connectors.feed.base import Feed, Memory, Poll, Values
from connectors.feed.failures import FeedFailed
from connectors.feed.health import FeedRegistry, with_jitter
from connectors.kafka.bell import Bell
from connectors.steady_clock import Beat, SteadyClock
from connectors.steady_source import SteadyPartition
from connectors.telemetry import FETCH_SECONDS, REPEATED
from operators.admission import InputRow
from operators.blocks import Block, Event
from operators.states import State, decode_state, encode_state

log = logging.getLogger(__name__)
BEAT: Final = "beat"  # key of blocks without rows
SEEN: Final = 20_000  # entries per feed that are known to be repeats
SAID: Final = ("source", "url", "guid", "title", "content", "version")  # what makes a row new


class FeedsState(State):
    """What the feeds remember: feed -> its memory; and the number of the next row."""

    memories: dict[str, dict[str, str]]
    row: int


class LivePartition(SteadyPartition[tuple[str, Envelope], bytes]):
    """Runs the feeds."""

    def __init__(
        self, feeds: Sequence[Feed], registry: FeedRegistry, every: timedelta,
        stopping: Callable[[], bool], resume: bytes | None, bell: Bell,
    ) -> None:  # fmt: skip
        """Start every feed where its memory says; what it gives rings the bell."""
        self._beat, self._clock = Beat(every.total_seconds(), bell), SteadyClock()
        self._stopping, self._bell = stopping, bell
        state = None if resume is None else decode_state(resume, FeedsState)
        self._memories: dict[str, Memory] = dict(state.memories if state else {})
        self._number = state.row if state else 0
        self._last = 0  # time of the last tick
        self._polled: SimpleQueue[tuple[str, Poll]] = SimpleQueue()
        self._closed = threading.Event()
        for feed in feeds:
            memory = self._memories.get(feed.name, {})
            thread = _FeedThread(feed, registry, self._polled, memory, self._closed, bell)
            threading.Thread(target=thread.run, name=f"feed-{feed.name}", daemon=True).start()

    def next_batch(self) -> list[tuple[str, Envelope]]:
        """Wait for the next tick; return what came in since the last one, and what time it is.

        Nothing while the next tick is not due.
        """
        due = self._beat.wait()
        if self._stopping():
            raise StopIteration
        if not due:
            return []
        self._last = self._clock.now()
        rows: list[Values] = []
        for name, poll in drained(self._polled):
            self._memories[name] = poll.memory
            rows += poll.rows
        events = [Event(self._last, "", InputRow(self._number + i, v)) for i, v in enumerate(rows)]
        self._number += len(rows)
        return [(SHARD if rows else BEAT, Envelope(Block(events, self._last)))]

    def snapshot(self) -> bytes:
        """Return what each feed remembers of the rows that were taken: an encoded `FeedsState`."""
        memories = {name: dict(memory) for name, memory in self._memories.items()}
        return encode_state(FeedsState(memories=memories, row=self._number))

    def close(self) -> None:
        """Have the threads end when they wake; nobody waits for them."""
        self._closed.set()


class LiveSource(FixedPartitionedSource[tuple[str, Envelope], bytes]):
    """All feeds of a live run."""

    def __init__(
        self, feeds: Callable[[], Sequence[Feed]], registry: FeedRegistry, every: timedelta,
        stopping: Callable[[], bool], listen: Callable[[], Bell] = Bell,
    ) -> None:  # fmt: skip
        """Name the feeds; nothing is opened here.

        Args:
            feeds: makes them.
            registry: of their health.
            every: a tick while something happens.
            stopping: asked at each tick.
            listen: gives the bell that says so.
        """
        self._listen = listen
        self._feeds, self._registry = feeds, registry
        self._every, self._stopping = every, stopping

    def list_parts(self) -> list[str]:
        """Return the one partition."""
        return [SHARD]

    def build_part(self, step_id: str, for_part: str, resume_state: bytes | None) -> LivePartition:
        """Start the feeds."""
        return LivePartition(
            self._feeds(), self._registry, self._every, self._stopping, resume_state,
            self._listen(),
        )  # fmt: skip


class _FeedThread:
    """Looks at one feed again and again."""

    def __init__(
        self, feed: Feed, registry: FeedRegistry, polled: "SimpleQueue[tuple[str, Poll]]",
        memory: Memory, closed: threading.Event, bell: Bell,
    ) -> None:  # fmt: skip
        self._bell = bell
        self._feed, self._registry, self._polled = feed, registry, polled
        self._memory, self._closed = memory, closed
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def run(self) -> None:
        """Poll until closed; whatever goes wrong is a failure of the feed, never of the flow."""
        feed, wait = self._feed, 0.0
        while not self._closed.is_set():
            began = time.perf_counter()
            try:
                poll = feed.poll(self._memory)
                fresh = [row for row in poll.rows if self._is_new(row)]
                wait = self._registry.succeeded(feed.name, fresh)
                if len(fresh) < len(poll.rows):
                    REPEATED.add(len(poll.rows) - len(fresh), {"feed": feed.name})
                self._memory = poll.memory
                self._polled.put((feed.name, poll._replace(rows=fresh)))
                if fresh:
                    self._bell.ring()
            except FeedFailed as failure:
                wait = self._registry.failed(feed, failure)
                log.warning("feed %s: %s", feed.name, failure)
            except Exception as error:
                log.exception("feed %s", feed.name)
                said = f"{type(error).__name__}: {error}"
                wait = self._registry.failed(feed, FeedFailed("UNEXPECTED", said))
            FETCH_SECONDS.record(time.perf_counter() - began, {"feed": feed.name})
            self._closed.wait(with_jitter(feed.interval_s + wait))
        feed.close()

    def _is_new(self, row: Values) -> bool:
        """Tell whether this process has not passed the same on; admission has the last word."""
        said = "\x1f".join(str(row.get(n, "")) for n in SAID)
        key = blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if key in self._seen:
            self._seen.move_to_end(key)
            return False
        self._seen[key] = None
        if len(self._seen) > SEEN:
            self._seen.popitem(last=False)
        return True
