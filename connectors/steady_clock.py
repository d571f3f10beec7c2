"""A live run's time: the wall clock, bounded by the monotonic one.

A wall clock may jump: a virtual machine is resumed, a time server corrects it, somebody sets it.
The log's time never steps back, so a jump ahead that is taken back would stop it for as long as the
jump was wide. A jump is held off and told until the wall clock has kept to it for some seconds.
"""

import logging
import time
from collections.abc import Callable
from typing import Final, Protocol

from messages.units import SECOND_US

JUMP_US: Final = 2 * SECOND_US  # more than this between two looks, beyond what really passed
BELIEVED_AFTER_US: Final = 5 * SECOND_US
LONGEST_S: Final = 0.25
IDLE_S: Final = 5.0  # between beats while nothing happens
AWAKE_S: Final = 0.5  # after each ring
GAP_S: Final = 0.005  # at least, between two beats: rings come in showers
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


class SetBack:
    """Notices that the wall clock was set back, by more than what drifts.

    The engine measures its epochs by the wall clock: until that is where it was, none would end.
    """

    def __init__(self, wall: Clock = time.time_ns, monotonic: Clock = time.monotonic_ns) -> None:
        """Take the clocks as they are now."""
        self._wall, self._monotonic = wall, monotonic
        self._least, _ = self._ahead()

    def noticed(self) -> bool:
        """Tell whether it was, since the last look."""
        before = self._least
        self._least, most = self._ahead()
        back = before - most
        if back > JUMP_US:
            log.error("the wall clock was set back by %.1f s: beginning again", back / SECOND_US)
        return back > JUMP_US

    def _ahead(self) -> tuple[int, int]:
        """Return how far the wall clock is ahead of the monotonic one, microseconds.

        At least and at most: a process that is held between two looks must not take the pause for
        a clock that was set back.
        """
        first = self._monotonic()
        wall = self._wall()
        return (wall - self._monotonic()) // 1_000, (wall - first) // 1_000


class Ringing(Protocol):
    """What wakes a beat: see `connectors.kafka.bell`."""

    @property
    def count(self) -> int:
        """Return how often it has rung."""

    def wait(self, heard: int, seconds: float) -> int:
        """Wait for a ring beyond those heard, though not longer; returns the count."""


class Silence:
    """Rings never: for a beat that nothing wakes."""

    count = 0

    def wait(self, _heard: int, seconds: float) -> int:
        """Wait."""
        time.sleep(seconds)
        return 0


class Beat:
    """Says when the next beat is due, by the monotonic clock: no jump can put it off.

    While nothing rings it is seldom due. A ring makes it due at once, and then at its interval for
    as long as what follows from one record may take.
    """

    def __init__(
        self, every_s: float, bell: Ringing | None = None, idle_s: float = IDLE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """Be due at once.

        Args:
            every_s: interval while something goes on.
            bell: rings when something does; None: something always does.
            idle_s: interval while nothing does.
            monotonic: seconds.
        """
        self._bell: Ringing = bell or Silence()
        self._every, self._idle = every_s, idle_s if bell else every_s
        self._monotonic = monotonic
        self._due = self._awake_until = monotonic()
        self._last = self._due - every_s
        self._heard = self._bell.count

    def wait(self) -> bool:
        """Wait until the next beat is due, though not for long; tells whether it is, and begins it.

        A waiting flow must hear that it is to stop, and its engine make snapshots.
        """
        left = self._due - self._monotonic()
        if left > 0:
            self._bell.wait(self._heard, min(left, LONGEST_S))
        return self.is_due()

    def is_due(self) -> bool:
        """Tell whether a beat is due, and begin the next interval if it is."""
        now = self._monotonic()
        if (count := self._bell.count) != self._heard:
            self._heard, self._awake_until = count, now + AWAKE_S
            self._due = min(self._due, self._last + GAP_S)
        if now < self._due:
            return False
        self._last = now
        self._due = now + (self._every if now < self._awake_until else self._idle)
        return True
