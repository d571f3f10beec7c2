"""The live news source: threads, ticks, memories, failures and their back-off."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.envelope import SHARD, Envelope
from connectors.feed.base import Poll
from connectors.feed.failures import FeedFailed
from connectors.feed.feeds import feed_names, feeds_of, named
from connectors.feed.health import FeedRegistry
from connectors.feed.live import BEAT, FeedsState, LivePartition
from connectors.feed.params import NewsParams
from connectors.kafka.bell import Bell
from operators.admission import InputRow
from operators.states import decode_state
from tests.waiting import eventually

Start = Callable[..., LivePartition]


class Script:
    """A feed that does what it is told, one step a poll; `hang` waits until the test is over."""

    name, interval_s, max_back_off_s = "scripted", 0.01, 0.05

    def __init__(self, *steps: Any) -> None:
        self.steps = list(steps)
        self.memories: list[Any] = []
        self.gate = threading.Event()
        self.hangs = self.closed = False

    def poll(self, memory: Mapping[str, Any]) -> Poll:
        self.memories.append(dict(memory))
        step = self.steps.pop(0) if self.steps else []
        if isinstance(step, Exception):
            raise step
        if step == "hang":
            self.hangs = True
            self.gate.wait(60)
            self.hangs = False
            return Poll([], {})
        return Poll([row(t) for t in step], {"polls": str(len(self.memories))})

    def close(self) -> None:
        self.closed = True


def row(title: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"source": "s", "url": f"https://x.test/{title}", "title": title, "published_at": now,
            "fetched_at": now}  # fmt: skip


@pytest.fixture
def partition() -> Iterator[Start]:
    """Return what starts a partition; none of its threads outlives the test."""
    begun: list[tuple[Script, LivePartition]] = []

    def start(feed: Script, registry: FeedRegistry, resume: bytes | None = None) -> LivePartition:
        every = timedelta(milliseconds=10)
        begun.append((feed, LivePartition([feed], registry, every, lambda: False, resume, Bell())))
        return begun[-1][1]

    yield start
    for feed, part in begun:
        part.close()
        feed.gate.set()
    eventually(lambda: not feed_threads(), what=feed_threads)


def feed_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "feed-scripted"]


def state_of(part: LivePartition) -> FeedsState:
    return decode_state(part.snapshot(), FeedsState)


def ticks(part: LivePartition, count: int) -> list[tuple[str, Envelope]]:
    """Return what a partition gives while the bell rings again and again."""
    found: list[tuple[str, Envelope]] = []
    while len(found) < count:
        part._bell.ring()
        found += part.next_batch()
    return found


def titles(part: LivePartition, count: int) -> list[str]:
    found: list[str] = []

    def enough() -> bool:
        for key, envelope in part.next_batch():
            assert key == (SHARD if envelope.block.events else BEAT)
            for event in envelope.block.events:
                assert isinstance(event.body, InputRow)
                found.append((event.body.values or {})["title"])
        return len(found) >= count

    eventually(enough, what=lambda: found)
    return found


def test_rows_come_once_and_time_goes_on(partition: Start) -> None:
    registry = FeedRegistry(["scripted"])
    part = partition(Script(["a", "b"], ["a", "b", "c"], ["b"]), registry)
    assert titles(part, 3) == ["a", "b", "c"]
    frontiers = [envelope.block.frontier for _, envelope in ticks(part, 50)]
    assert frontiers == sorted(frontiers)
    assert registry.feeds["scripted"].entries == 3
    assert registry.feeds["scripted"].state == "healthy"


def test_a_feed_that_hangs_stalls_nobody(partition: Start) -> None:
    feed = Script("hang")
    part = partition(feed, FeedRegistry(["scripted"]))
    eventually(lambda: feed.hangs)
    assert {key for key, _ in ticks(part, 100)} == {BEAT}
    assert feed.hangs, "the partition waited for the feed"


def test_memory_travels_with_the_rows_that_were_taken(partition: Start) -> None:
    feed = Script(["a"], ["b"])
    part = partition(feed, FeedRegistry(["scripted"]))
    nothing = FeedsState(memories={}, row=0)
    assert state_of(part) == nothing, "nothing was taken yet, so nothing may be skipped"
    assert titles(part, 2) == ["a", "b"]
    state = state_of(part)
    assert int(state.memories["scripted"]["polls"]) >= 2
    assert state.row == 2
    resumed = Script(["c"])
    again = partition(resumed, FeedRegistry(["scripted"]), part.snapshot())
    assert titles(again, 1) == ["c"]
    assert resumed.memories[0] == state.memories["scripted"]
    assert state_of(again).row == 3


def test_failures_back_off_and_end(partition: Start) -> None:
    registry = FeedRegistry(["scripted"])
    broken = FeedFailed("HTTP_500"), ValueError("surprise"), FeedFailed("HTTP_429", "", 0.2)
    part = partition(Script(*broken, ["a"]), registry)
    began = time.monotonic()
    assert titles(part, 1) == ["a"]
    assert time.monotonic() - began > 0.2
    status = registry.feeds["scripted"]
    assert (status.errors, status.failures, status.back_off_s) == (3, 0, 0.0)
    waits = [registry.failed(Script(), FeedFailed("X")) for _ in range(6)]
    assert waits == [0.01, 0.02, 0.04, 0.05, 0.05, 0.05]
    assert registry.health("run")[0].detail == "X"


def test_a_wish_without_end_ends_no_thread(partition: Start) -> None:
    registry = FeedRegistry(["scripted"])
    for wish in (1e12, float("inf"), float("nan"), -1.0):
        assert registry.failed(Script(), FeedFailed("HTTP_429", "", wish)) <= 86_400
    feed = Script(FeedFailed("HTTP_429", "", 1e300))
    part = partition(feed, registry)
    eventually(lambda: registry.feeds["scripted"].back_off_s == 86_400)
    part._bell.ring()
    part.next_batch()
    assert feed_threads()
    part.close()
    eventually(lambda: feed.closed)


def test_names_of_feeds() -> None:
    found = named(("a=http://x/1", "a=http://x/2|30", "http://y/?q=1|0.5", "http://y/2"))
    assert [s.interval_s for s in found.values()] == [0, 30, 0.5, 0]
    assert {name: source.url for name, source in found.items()} == {
        "a": "http://x/1", "a_2": "http://x/2", "y": "http://y/?q=1", "y_2": "http://y/2",
    }  # fmt: skip
    params = NewsParams(feeds=("http://127.0.0.1/x",), reddit_id="i", alpaca_key="k")
    assert [f.name for f in feeds_of(params)] == feed_names(params) == [
        "127.0.0.1", "reddit_wallstreetbets", "reddit_stocks", "reddit_investing", "alpaca",
    ]  # fmt: skip


def test_a_closed_source_ends_its_threads(partition: Start) -> None:
    feed = Script(["a"])
    part = partition(feed, FeedRegistry(["scripted"]))
    assert titles(part, 1) == ["a"]
    assert feed_threads()
    part.close()
    eventually(lambda: not feed_threads())
    assert feed.closed
