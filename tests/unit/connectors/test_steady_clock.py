"""A live run's time: what the wall clock says, but for jumps that it takes back."""

import logging
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.steady_clock import BELIEVED_AFTER_US, JUMP_US, Beat, SteadyClock
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


def test_a_beat_waits_for_what_is_left_of_its_interval() -> None:
    now, slept = [10.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    clock: Callable[[], float] = lambda: now[0]  # noqa: E731 - a clock to move
    beat = Beat(0.05, clock)
    assert beat.wait(sleep)
    now[0] += 0.02
    assert beat.wait(sleep)
    now[0] += 7
    assert beat.wait(sleep)
    assert slept == [0.03]
    assert not beat.is_due()
    now[0] += 0.05
    assert beat.is_due()
    assert not beat.is_due()


def test_a_long_wait_is_made_of_short_ones() -> None:
    """So that a flow with a slow beat stops when it is told to, and takes its snapshots."""
    now, slept = [10.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    beat = Beat(60.0, lambda: now[0])
    assert beat.wait(sleep)
    told = [beat.wait(sleep) for _ in range(700)]
    assert told.count(True) == 1
    assert max(slept) <= 0.1
