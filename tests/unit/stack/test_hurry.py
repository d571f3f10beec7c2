"""Signals while something is being stopped: noted, never an interruption."""

import os
import signal
import threading

import pytest

from stack.hurry import hurried


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_hurries_and_the_block_reaches_its_end(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    seen = []
    with hurried() as hurry:
        seen.append(hurry.asked)
        os.kill(os.getpid(), number)
        seen.append(hurry.asked)
    assert seen == [False, True]
    assert signal.getsignal(number) is before


def test_other_threads_may_stop_things_too() -> None:
    seen: list[bool] = []

    def stop() -> None:
        with hurried() as hurry:
            seen.append(hurry.asked)

    thread = threading.Thread(target=stop)
    thread.start()
    thread.join()
    assert seen == [False]
