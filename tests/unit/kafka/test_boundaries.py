"""Where a shard's state is kept: after each session in which something happened, nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.archive.checkpoints import next_boundary
from connectors.envelope import Envelope
from connectors.kafka.layout import Layout
from connectors.kafka.partition_reader import NEVER, Lane, Position, Waiting
from connectors.kafka.source import MergedPartition, Reads, SourceState
from connectors.market.calendar import new_york_sessions, session_day
from messages.market import Bar
from messages.topics import MARKET_BARS
from messages.units import DAY_US, HOUR_US, MINUTE_US
from operators.states import decode_state
from tests.streams import CLOSE, OPEN, at, bar

LAYOUT = Layout("", "run", "", 1)


class ByHand(MergedPartition):
    """A source whose log is filled by hand instead of by a consumer."""

    def __init__(self, resume: bytes | None = None) -> None:
        reads: Reads = {MARKET_BARS: range(1)}
        super().__init__(LAYOUT, "all", reads, next_boundary, lambda: False)
        place = Position()
        if resume is not None:
            state = decode_state(resume, SourceState)
            place, self._unkept = state.positions["market.bars"][0], state.unkept
        self.lane = Lane(MARKET_BARS, 0, 0, lambda _: _bar(0), place, b"run")
        self._lanes = {("market.bars", 0): self.lane}
        self._lag_at = float("inf")

    def put(self, stamp: int, clock: int) -> None:
        offset = len(self.lane.buffer)
        self.lane.buffer.append(Waiting(stamp, "AAA", 0, 0, offset, _bar(stamp), offset))
        self.lane.time.clock = max(clock, self.lane.time.clock)

    def tick(self, clock: int) -> None:
        self.lane.time.clock = max(clock, self.lane.time.clock)

    def all(self) -> list[Envelope]:
        """Return blocks until there are no more."""
        found = []
        while given_out := self.next_batch():
            found.append(given_out[0][1])
        return found

    def _fill(self) -> None:
        """Everything is there already."""

    def _throttle(self, clock: int) -> None:
        """Nothing to pause."""


def _bar(stamp: int) -> Bar:
    body = bar(1, "AAA", 100_0000).body
    assert isinstance(body, Bar)
    return body


def kept(envelopes: list[Envelope]) -> list[str]:
    return [session_day(e.barrier.boundary - 1) for e in envelopes if e.barrier is not None]


def test_a_close_without_a_later_record_is_passed_by_a_tick() -> None:
    source = ByHand()
    source.put(at(1), at(1))
    source.put(CLOSE, CLOSE)
    assert kept(source.all()) == []
    source.tick(CLOSE + HOUR_US)
    blocks = source.all()
    assert kept(blocks) == ["2025-03-12"]
    assert [e.stamp for e in blocks[0].block.events] == [CLOSE]
    assert blocks[0].block.frontier == CLOSE + 1


def test_what_comes_after_the_close_is_in_the_next_session() -> None:
    source = ByHand()
    for stamp in (at(1), CLOSE, CLOSE + 1, CLOSE + HOUR_US):
        source.put(stamp, stamp)
    source.tick(CLOSE + DAY_US + 1)
    blocks = source.all()
    assert kept(blocks) == ["2025-03-12", "2025-03-13"]
    assert [len(b.block.events) for b in blocks if b.barrier] == [2, 2]


def test_sessions_in_which_nothing_happened_keep_nothing() -> None:
    source = ByHand()
    source.put(at(1), at(1))
    source.tick(at(1) + 30 * DAY_US)
    source.put(at(2) + 30 * DAY_US, at(2) + 31 * DAY_US)
    assert kept(source.all()) == ["2025-03-12", "2025-04-11"]


def test_a_record_from_before_the_log_had_a_time_is_of_no_session() -> None:
    source = ByHand()
    source.put(NEVER, NEVER)
    source.put(at(1), at(1))
    source.tick(CLOSE + HOUR_US)
    blocks = source.all()
    assert kept(blocks) == ["2025-03-12"]
    assert sum(len(b.block.events) for b in blocks) == 2


def test_a_resumed_source_still_owes_the_state_of_its_session() -> None:
    first = ByHand()
    first.put(at(1), at(5))
    assert [len(b.block.events) for b in first.all()] == [1]
    second = ByHand(first.snapshot())
    second.tick(CLOSE + MINUTE_US)
    assert kept(second.all()) == ["2025-03-12"]


@given(stamp=st.integers(OPEN - 400 * DAY_US, OPEN + 400 * DAY_US))
def test_a_boundary_is_the_first_moment_of_another_day(stamp: int) -> None:
    boundary = next_boundary(stamp)
    assert boundary is not None
    assert stamp < boundary
    assert session_day(stamp) == session_day(boundary - 1) < session_day(boundary)
    assert boundary - 1 in new_york_sessions().closes


@pytest.mark.parametrize(
    ("stamp", "day"),
    [
        (CLOSE, "2025-03-12"),
        (CLOSE + 1, "2025-03-13"),
        (CLOSE + 3 * DAY_US, "2025-03-17"),  # a Saturday
        (4_000_000_000_000_000, "2096-10-02"),  # beyond the table
    ],
)
def test_session_days(stamp: int, day: str) -> None:
    assert session_day(stamp) == day
