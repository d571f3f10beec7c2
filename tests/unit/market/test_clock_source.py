"""The heartbeat of a live entry flow: empty blocks, each a beat after the last."""

import time
from datetime import timedelta

import pytest

from connectors.envelope import SHARD
from connectors.market.clock_source import ClockPartition, ClockSource

EVERY = timedelta(milliseconds=20)


def frontier(part: ClockPartition) -> int:
    while not (batch := part.next_batch()):
        pass  # it waits by itself
    [(key, (block, *_))] = batch
    assert (key, block.events, block.ended) == (SHARD, [], False)
    return block.frontier


def test_a_beat_says_what_time_it_is() -> None:
    part = ClockPartition(EVERY, lambda: False)
    before = time.time_ns() // 1_000
    assert before <= frontier(part) <= time.time_ns() // 1_000
    assert part.snapshot() is None  # type: ignore[func-returns-value]  # that is the contract


def test_beats_are_an_interval_apart() -> None:
    part = ClockPartition(EVERY, lambda: False)
    first = frontier(part)
    began = time.monotonic()
    told = [first, *(frontier(part) for _ in range(3))]
    assert time.monotonic() - began >= 3 * EVERY.total_seconds() * 0.9
    assert told == sorted(set(told))


def test_a_flow_that_is_to_stop_beats_no_more() -> None:
    stop = [False]
    source = ClockSource(EVERY, lambda: stop[0])
    assert source.list_parts() == [SHARD]
    part = source.build_part("beat", SHARD, None)
    frontier(part)
    stop[0] = True
    with pytest.raises(StopIteration):
        part.next_batch()
