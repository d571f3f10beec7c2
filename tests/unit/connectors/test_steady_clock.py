"""A live run's time: what the wall clock says, but for jumps that it takes back."""

import logging
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.steady_clock import (
    AWAKE_S,
    BELIEVED_AFTER_US,
    GAP_S,
    JUMP_US,
    LONGEST_S,
    Beat,
    SetBack,
    SteadyClock,
)
from messages.units import HOUR_US, SECOND_US

START = 1_800_000_000 * SECOND_US


class World:
    """A wall clock and a monotonic one, moved by hand."""

    def __init__(self) -> None:
        self.passed = self.shift = 0
        self.clock = SteadyClock(lambda: (START + self.passed + self.shift) * 1_000,
                                 lambda: self.passed * 1_000)  # fmt: skip

    def after(self, micros: int) -> int:
        """Let time pass; returns what the clock says, less the start."""
        self.passed += micros
        return self.clock.now() - START


def run(world: World, seconds: int, step: int = SECOND_US // 20) -> list[int]:
    return [world.after(step) for _ in range(seconds * SECOND_US // step)]


def test_it_is_the_wall_clock_and_follows_its_slow_corrections() -> None:
    world = World()
    for _ in range(200):
        world.shift += 1_000  # a time server slews by a millisecond a beat
        world.after(50_000)
    assert world.after(0) == world.passed + world.shift


@pytest.mark.parametrize("jump", [HOUR_US, -HOUR_US, 3 * SECOND_US, -3 * SECOND_US])
def test_a_jump_that_is_taken_back_is_not_seen(jump: int, caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    run(world, 5)
    world.shift = jump
    told = run(world, 3)
    world.shift = 0
    told += run(world, 20)
    assert told[-1] == world.passed
    assert all(later - sooner <= 50_000 for sooner, later in pairwise(told))
    assert "the wall clock jumped by" in caplog.text
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


def test_a_jump_that_stays_is_taken_within_seconds() -> None:
    """As after a virtual machine was resumed: the monotonic clock did not run meanwhile."""
    world = World()
    run(world, 5)
    world.shift = HOUR_US
    before = run(world, BELIEVED_AFTER_US // SECOND_US - 1)
    assert before[-1] == world.passed
    run(world, 2)
    assert world.after(0) == world.passed + HOUR_US


def test_a_clock_that_is_set_back_for_good_holds_time_still_until_it_gets_there() -> None:
    world = World()
    run(world, 5)
    world.shift = -10 * SECOND_US
    told = run(world, 30)
    assert told == sorted(told)
    assert told[-1] == world.passed + world.shift


@given(st.lists(st.tuples(st.integers(0, 10 * SECOND_US), st.integers(-HOUR_US, HOUR_US))))
def test_it_never_steps_back_and_never_runs_ahead_of_a_jump(
    moves: list[tuple[int, int]],
) -> None:
    world, last, highest = World(), 0, 0
    for passed, shift in moves:
        world.shift = shift
        highest = max(highest, shift)
        now = world.after(passed)
        assert last <= now <= world.passed + highest + JUMP_US
        last = now


class Bell:
    """A bell beside a clock that only waiting moves, and the test."""

    def __init__(self) -> None:
        self.now, self.count = 10.0, 0
        self.waited: list[float] = []

    def wait(self, heard: int, seconds: float) -> int:
        if self.count == heard:
            self.waited.append(round(seconds, 3))
            self.now += seconds
        return self.count


def beat_of(bell: Bell, every: float, idle: float) -> Beat:
    return Beat(every, bell, idle, monotonic=lambda: bell.now)


def test_a_beat_waits_for_what_is_left_of_its_interval() -> None:
    bell = Bell()
    beat = beat_of(bell, 0.05, 0.05)
    assert beat.wait()
    bell.now += 0.02
    assert beat.wait()
    bell.now += 7
    assert beat.wait()
    assert bell.waited == [0.03]
    assert not beat.is_due()
    bell.now += 0.06
    assert beat.is_due()
    assert not beat.is_due()


def test_a_long_wait_is_made_of_short_ones() -> None:
    """So that a flow with a slow beat stops when it is told to, and takes its snapshots."""
    bell = Bell()
    beat = beat_of(bell, 60.0, 60.0)
    assert beat.wait()
    told = [beat.wait() for _ in range(300)]
    assert told.count(True) == 1
    assert max(bell.waited) <= LONGEST_S


def test_while_nothing_rings_a_beat_is_seldom() -> None:
    bell = Bell()
    beat = beat_of(bell, 0.05, 5.0)
    beats = [bell.now for _ in range(200) if beat.wait()]
    assert len(beats) == 10
    assert beats[-1] - beats[0] == pytest.approx(45.0)


def test_a_ring_is_answered_at_once_and_for_a_while() -> None:
    """Some beats more: what one record leads to waits for time as well."""
    bell = Bell()
    beat = beat_of(bell, 0.05, 5.0)
    assert beat.wait()
    bell.now += 1.0
    bell.count += 1
    at = bell.now
    assert beat.wait()
    assert bell.now == at, "it waited for nothing"
    beats = [bell.now - at for _ in range(60) if beat.wait()]
    awake = [b for b in beats if b < 1.0]
    assert len(awake) == pytest.approx(AWAKE_S / 0.05, abs=1)
    assert beats[len(awake)] > 5.0


def test_a_shower_of_rings_is_no_shower_of_beats() -> None:
    bell = Bell()
    beat = beat_of(bell, 0.05, 5.0)
    beats = 0
    for _ in range(1_000):
        bell.count += 1
        bell.now += 0.001
        beats += beat.is_due()
    assert 150 <= beats <= 1.0 / GAP_S + 1


def test_without_a_bell_every_beat_comes() -> None:
    now = [10.0]
    beat = Beat(0.05, monotonic=lambda: now[0])
    told = []
    for _ in range(100):
        now[0] += 0.05
        told.append(beat.is_due())
    assert all(told)


@pytest.mark.parametrize(
    ("looks", "noticed"),
    [
        ([0, 0, 0], [False] * 3),
        ([HOUR_US, HOUR_US, 0], [False, False, True]),  # ahead for a while, and back
        ([-HOUR_US, -HOUR_US], [True, False]),
        ([-JUMP_US, -2 * JUMP_US], [False, False]),  # as far as an engine's epoch may wait
        ([-JUMP_US - 1], [True]),
    ],
)
def test_a_wall_clock_that_was_set_back_is_noticed_once(
    looks: list[int], noticed: list[bool], caplog: pytest.LogCaptureFixture
) -> None:
    shift = passed = 0
    watch = SetBack(lambda: (START + passed + shift) * 1_000, lambda: passed * 1_000)
    found = []
    for look in looks:
        shift = look
        passed += SECOND_US
        found.append(watch.noticed())
    assert found == noticed
    assert sum("set back" in r.message for r in caplog.records) == sum(noticed)


def test_a_pause_between_two_looks_at_clocks_is_no_clock_set_back() -> None:
    """A machine that is busy, or was suspended, holds a process anywhere."""
    passed = [0]

    def wall() -> int:
        found = (START + passed[0]) * 1_000
        passed[0] += HOUR_US  # held right after it was read
        return found

    def monotonic() -> int:
        passed[0] += SECOND_US
        return passed[0] * 1_000

    watch = SetBack(wall, monotonic)
    assert not any(watch.noticed() for _ in range(5))
