"""One process a flow: two that write the same partitions hide each other's records.

Each numbers its records on from what it knows, and readers leave out a number that they had: a
fill would be told, and never heard. So the second waits for the first to end, and gives up.
"""

import fcntl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Final

from stack.errors import StackError

# One that was left behind, as after its supervisor was killed, takes its last snapshot.
PATIENCE_S: Final = 30.0
LOOK_S: Final = 0.1


@contextmanager
def alone(
    directory: Path, names: Iterable[str], stopping: Callable[[], bool] = lambda: False,
    patience_s: float = PATIENCE_S,
) -> Iterator[None]:  # fmt: skip
    """Keep every other process out that would run one of some parts; it ends with this one.

    Args:
        directory: of the locks, one run's.
        names: of the parts, as `execute` or `signals-0`.
        stopping: asked while another one is waited for.
        patience_s: how long it is, seconds.

    Raises:
        StackError: another process runs one of them, and goes on.
    """
    directory.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience_s
    with ExitStack() as held:
        for name in sorted(names):  # everybody in one order, so that no two wait for each other
            lock = held.enter_context((directory / f"{name}.lock").open("w"))
            while not _taken(lock):
                if stopping() or time.monotonic() > deadline:
                    reason = (
                        f"Another process runs flow {name} of this run, and two would hide each "
                        "other's records: stop that one first."
                    )
                    raise StackError(reason)
                time.sleep(LOOK_S)
        yield


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
