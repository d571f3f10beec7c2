"""Processes that end with the one that started them, however that one ends.

Linux only: elsewhere they are started alike, and outlive a supervisor that is killed.
Run as a program it is the first thing that such a process does: it becomes the wanted user, asks
the system for a signal at its parent's end, and turns into the wanted program. It imports nothing
of ours, so that it is there at once.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

PR_SET_PDEATHSIG: Final = 1  # prctl(2)
NOBODY_IN_PARTICULAR: Final = -1
# The system sends the signal when the *thread* that started a process ends: this one never does.
_STARTER: Final = ThreadPoolExecutor(1, "starter")


def ends_with_parent(number: int, parent: int) -> None:
    """Have the system send this process a signal when its parent ends; exit if it has already.

    A change of user afterwards would undo it.

    Args:
        number: of the signal.
        parent: who it should be.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number))
    if os.getppid() != parent:
        os._exit(1)


def spawn(
    command: Sequence[str], ending: signal.Signals, uid: int | None = None, gid: int | None = None,
    **options: Any,
) -> "subprocess.Popen[bytes]":  # fmt: skip
    """Start a program that gets a signal when this process ends.

    Args:
        command: and its arguments; an absolute path.
        ending: the signal that has it end.
        uid: to run as; None: as this process.
        gid: likewise.
        options: of `subprocess.Popen`.
    """
    user, group = (NOBODY_IN_PARTICULAR if i is None else i for i in (uid, gid))
    first = [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(ending))]
    return begin([*first, str(user), str(group), *command], **options)


def begin(command: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
    """Start a program that will ask for a signal at this process's end by itself.

    Args:
        command: and its arguments.
        options: of `subprocess.Popen`.
    """

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(command, **options)  # noqa: S603 - our own commands

    return _STARTER.submit(start).result()


def _become(arguments: list[str]) -> None:
    parent, ending, uid, gid = map(int, arguments[:4])
    if uid != NOBODY_IN_PARTICULAR:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    ends_with_parent(ending, parent)
    os.execv(arguments[4], arguments[4:])  # noqa: S606 - no shell


if __name__ == "__main__":
    _become(sys.argv[1:])
