"""A live run's time: the wall clock, bounded by the monotonic one.

A wall clock may jump: a virtual machine is resumed, a time server corrects it, somebody sets it.
The log's time never steps back, so a jump ahead that is taken back would stop it for as long as the
jump was wide. A jump is held off and told until the wall clock has kept to it for some seconds.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from messages.units import SECOND_US

JUMP_US: Final = 2 * SECOND_US  # more than this between two looks, beyond what really passed
BELIEVED_AFTER_US: Final = 5 * SECOND_US
LONGEST_S: Final = 0.1
log = logging.getLogger(__name__)
Clock = Callable[[], int]  # nanoseconds


class SteadyClock:
    """Says what time it is, in microseconds since 1970; never steps back."""

    def __init__(self, wall: Clock = time.time_ns, monotonic: Clock = time.monotonic_ns) -> None:
        """Start at the wall clock's time."""
        self._clocks = (wall, monotonic)
        self._wall, self._mono = wall() // 1_000, monotonic() // 1_000
        self._last = self._wall
        self._jumped: tuple[int, int] | None = None  # since when, by the monotonic clock; how far

    def now(self) -> int:
        """Return the time; called often, as what passes between two calls is believed at once."""
        wall, mono = (clock() // 1_000 for clock in self._clocks)
        expected = self._wall + mono - self._mono
        off = wall - expected
        if abs(off) > JUMP_US and not self._believed(mono, off):
            wall = expected
        else:
            self._wall, self._mono, self._jumped = wall, mono, None
        self._last = max(self._last, wall)
        return self._last

    def _believed(self, mono: int, off: int) -> bool:
        """Tell whether the wall clock has kept to a jump for long enough."""
        if self._jumped is None or abs(self._jumped[1] - off) > JUMP_US:
            self._jumped = (mono, off)
            log.error("the wall clock jumped by %+.1f s: held off", off / SECOND_US)
        if mono - self._jumped[0] < BELIEVED_AFTER_US:
            return False
        log.error("the wall clock keeps to its jump of %+.1f s: taken", off / SECOND_US)
        return True


class Beat:
    """Says when the next beat is due, by the monotonic clock: no jump can put it off."""

    def __init__(self, every_s: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Be due at once."""
        self._every, self._monotonic = every_s, monotonic
        self._due = monotonic()

    def wait(self, sleep: Callable[[float], None] = time.sleep) -> bool:
        """Wait until the next beat is due, though not for long; tells whether it is, and begins it.

        A waiting flow must hear that it is to stop, and its engine make snapshots.
        """
        left = self._due - self._monotonic()
        if left > 0:
            sleep(min(left, LONGEST_S))
        return self.is_due()

    def is_due(self) -> bool:
        """Tell whether a beat is due, and begin the next interval if it is."""
        if self._monotonic() < self._due:
            return False
        self._due = self._monotonic() + self._every
        return True
