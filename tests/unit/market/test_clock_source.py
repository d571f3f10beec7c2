"""The heartbeat of a live entry flow: empty blocks whose time never steps back."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.envelope import SHARD
from connectors.market import clock_source
from connectors.market.clock_source import ClockPartition, ClockSource

EVERY = timedelta(milliseconds=50)


def frontier(part: ClockPartition) -> int:
    [(key, (block, *_))] = part.next_batch()
    assert (key, block.events, block.ended) == (SHARD, [], False)
    return block.frontier


def test_a_beat_says_what_time_it_is() -> None:
    part = ClockPartition(EVERY, lambda: False)
    before = time.time_ns() // 1_000
    assert before <= frontier(part) <= time.time_ns() // 1_000
    assert part.next_awake() - datetime.now(UTC) <= EVERY
    assert part.snapshot() is None  # type: ignore[func-returns-value]  # that is the contract


def test_a_clock_that_is_set_back_holds_time_still(monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter((5_000, 3_000, 4_000, 6_000))

    class Clock:
        @staticmethod
        def time_ns(given: Iterator[int] = told) -> int:
            return next(given) * 1_000

    monkeypatch.setattr(clock_source, "time", Clock)
    part = ClockPartition(EVERY, lambda: False)
    assert [frontier(part) for _ in range(4)] == [5_000, 5_000, 5_000, 6_000]


def test_a_flow_that_is_to_stop_beats_no_more() -> None:
    stop = [False]
    source = ClockSource(EVERY, lambda: stop[0])
    assert source.list_parts() == [SHARD]
    part = source.build_part("beat", SHARD, None)
    frontier(part)
    stop[0] = True
    with pytest.raises(StopIteration):
        part.next_batch()
