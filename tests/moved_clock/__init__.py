"""A clock that tests move: other days, other speeds, for whole stacks of processes.

`moved.c` is preloaded into every process of a stack. Wall clocks then say what a page of shared
memory makes of the machine's monotonic clock: a day, and how fast it passes. Python's own monotonic
clock and the waits that go by it move alike; librdkafka's, Java's and the engine's timeouts stay in
real seconds, so that a fast day breaks no connection.

Where Python itself talks to somebody on a socket (an API, a stand-in of a broker), `Waits.REAL`
keeps its waits and timeouts in real seconds, too. Only `time.monotonic_ns` then passes as fast as
the wall clock, as a live run's clock compares the two. What is real then takes longer by the clock
there: an idle flow tells its time every five real seconds, its vital signs every one, so ask how
flows are at rate 1.

The embedded PostgreSQL is started with an environment of its own and keeps the real time; only
`created_at`, `updated_at` and when it was cared for last come from it.
"""

import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parent / "moved.c"
HOOK: Final = Path(__file__).parent / "real"
PAGE: Final = 4_096
FIELDS: Final = struct.Struct("<qqqqd")  # version, real, wall and monotonic nanoseconds; rate
NS: Final = 1_000_000_000


class Waits(Enum):
    """What the waits and timeouts of Python processes go by."""

    MOVED = "moved"
    REAL = "real"


class MovedClock:
    """The clock of the processes that are started with `environment`."""

    def __init__(self, begin: datetime, rate: float = 1.0, waits: Waits = Waits.MOVED) -> None:
        """Compile the shim, and let time begin at a moment.

        Args:
            begin: aware.
            rate: so many times as fast as it is.
            waits: of Python processes; all others' are real.
        """
        self._directory = Path(tempfile.mkdtemp(prefix="moved-clock-"))
        self._directory.chmod(0o755)  # PostgreSQL runs as somebody else, where root started it
        library, self._page = self._directory / "moved.so", self._directory / "moved.page"
        compiler = shutil.which("cc")
        assert compiler is not None, "no C compiler: scripts/install_servers.sh installs one"
        options = ("-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-ldl")
        subprocess.run([compiler, *options, "-o", library, SOURCE], check=True)
        self._page.write_bytes(b"\0" * PAGE)
        with self._page.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), PAGE)
        self._version = 0
        real = time.monotonic_ns()
        self._set(real, int(begin.timestamp()) * NS, real, rate)
        self.environment = {"MOVED_CLOCK": str(self._page), "LD_PRELOAD": str(library)}
        if waits is Waits.REAL:
            path = os.pathsep.join(filter(None, (str(HOOK), os.environ.get("PYTHONPATH"))))
            self.environment |= {"MOVED_MONOTONIC": "real", "PYTHONPATH": path}

    def now(self) -> datetime:
        """Return what time it is there."""
        return datetime.fromtimestamp(self.wall_ns(time.monotonic_ns()) / NS, UTC)

    def wall_ns(self, real: int) -> int:
        """Return what time it is there when the machine's monotonic clock says so."""
        return self._at(real)[0]

    def run(self, rate: float) -> None:
        """Let time pass so many times as fast from now on."""
        real = time.monotonic_ns()
        self._set(real, *self._at(real), rate)

    def jump(self, seconds: float) -> None:
        """Put the wall clock forward or back; the monotonic one goes on."""
        real = time.monotonic_ns()
        wall, monotonic = self._at(real)
        self._set(real, wall + int(seconds * NS), monotonic, self._rate)

    def close(self) -> None:
        """Let page and library go; whoever still has them keeps them."""
        self._memory.close()
        shutil.rmtree(self._directory)

    def _at(self, real: int) -> tuple[int, int]:
        passed = int((real - self._real) * self._rate)
        return self._wall + passed, self._monotonic + passed

    def _set(self, real: int, wall: int, monotonic: int, rate: float) -> None:
        """Write the page; its version is odd meanwhile, for which readers wait."""
        self._real, self._wall, self._monotonic, self._rate = real, wall, monotonic, rate
        self._version += 2
        struct.pack_into("<q", self._memory, 0, self._version - 1)
        FIELDS.pack_into(self._memory, 0, self._version - 1, real, wall, monotonic, rate)
        struct.pack_into("<q", self._memory, 0, self._version)
