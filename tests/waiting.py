"""Waiting for a condition: the one place in the tests that sleeps."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
WITHIN_S = 90.0  # far beyond what a busy machine needs; nobody waits that long for a pass
STEP_S = 0.02


def pause(seconds: float) -> None:
    """Sleep; for doubles that are slow on purpose and for polls, never to decide a test."""
    time.sleep(seconds)


async def turn_of_others() -> None:
    """Let the loop's other tasks have a turn, as a call that waits for a socket does."""
    await asyncio.sleep(0)


def eventually(
    condition: Callable[[], T], within: float = WITHIN_S, what: object = "", step: float = STEP_S
) -> T:
    """Ask until the answer is true and return it.

    Args:
        condition: asked again and again; its answer is returned as soon as it is true.
        within: seconds after which the test has failed.
        what: what is waited for, for the message; a callable is asked when time is up.
        step: seconds between two questions.

    Raises:
        AssertionError: the answer was not true within the time.
    """
    deadline = time.monotonic() + within
    while not (answer := condition()):
        if time.monotonic() > deadline:
            said = what() if callable(what) else what
            message = f"not within {within:g} s: {said or condition}; last answer {answer!r}"
            raise AssertionError(message)
        time.sleep(step)
    return answer


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """Fail what would otherwise hang for ever; the bound is generous, not a measurement."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds
