"""Signals while something is being stopped: they shorten the waits and interrupt nothing."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def deaf_to(number: int) -> bool:
    """Tell whether a hang-up is to be ignored, as `nohup` asks for; no other signal ever is."""
    return number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN


class Hurry:
    """Tells whether a signal has come since stopping began."""

    def __init__(self) -> None:
        """Begin without one."""
        self.asked = False

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        self.asked = True


@contextmanager
def hurried() -> Iterator[Hurry]:
    """Hold SIGINT, SIGTERM and SIGHUP off a block that must reach its end; say whether one came.

    Outside the main thread, where no signal arrives, nothing is held off.
    """
    hurry = Hurry()
    if threading.current_thread() is not threading.main_thread():
        yield hurry
        return
    before = [
        (number, signal.signal(number, hurry.ask)) for number in SIGNALS if not deaf_to(number)
    ]
    try:
        yield hurry
    finally:
        for number, handler in before:
            signal.signal(number, handler)
