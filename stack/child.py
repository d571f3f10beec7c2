"""A command as the child of a program: progress as lines, and an end with the starter's."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

from stack.tether import ends_with_parent

SUPERVISOR: Final = "SUPERVISOR_PID"  # of the environment that a supervisor gives its processes
LOOK_S: Final = 1.0
PATIENCE_S: Final = 10.0  # as a supervisor has with a last snapshot
LINES_S: Final = 0.5


def starter() -> int:
    """Return the process that this one ends with: its supervisor, by its own word.

    Without one it is the parent. A process that asked for its parent alone would not notice one
    that died while it was still importing.
    """
    return int(os.environ.get(SUPERVISOR) or os.getppid())


def tied() -> int:
    """Tie this process to its supervisor, if it has one: it is told to stop when that one ends.

    One that does not stop by itself, as it waits for a server that is gone too, is ended.

    Returns:
        The supervisor, or the parent.
    """
    parent = starter()
    if SUPERVISOR in os.environ:
        ends_with_parent(signal.SIGTERM, parent)
        end_with(parent, PATIENCE_S)
    return parent


def end_with(parent: int, patience_s: float = 0.0) -> None:
    """End this process when another one, its parent, has gone; some seconds later."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_S)
        time.sleep(patience_s)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


def in_lines(total: int) -> Callable[[int], None]:
    """Return what writes how far a backtest is to stderr, as lines of JSON, twice a second.

    Args:
        total: bars in all; 0 where that is not known.
    """
    told = 0.0

    def write(bars: int) -> None:
        nonlocal told
        if (now := time.monotonic()) - told > LINES_S:
            told = now
            sys.stderr.write(f'{{"bars": {bars}, "total": {total}}}\n')
            sys.stderr.flush()

    return write
