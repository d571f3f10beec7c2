"""Timers: when an operator that goes by bars looks up, every so often and at a session's end."""

from collections.abc import Iterator
from typing import NamedTuple

from messages.units import MINUTE_US
from operators.trading.sessions import BEYOND, NEVER, SessionTable


class Fired(NamedTuple):
    """A timer that fired: the stamp it was set to, and whether a session ended there."""

    stamp: int
    session_ended: bool


class Timers:
    """Two timers, armed by bars and idle without them.

    One fires at each full multiple of a number of minutes, the other right after a session's end.

    Attributes:
        due: stamp of the timer that fires next; NEVER if none is armed.
        periodic, close: stamps of the two, for a snapshot.
    """

    def __init__(
        self, minutes: int, sessions: SessionTable, periodic: int = NEVER, close: int = NEVER
    ) -> None:
        """Start idle or from a snapshot; `minutes` lie between two looks."""
        self._every, self._sessions = minutes * MINUTE_US, sessions
        self.periodic, self.close = periodic, close
        self.due = min(periodic, close)

    def arm(self, stamp: int) -> None:
        """Set the timers that are idle; called at every bar."""
        if self.periodic != NEVER and self.close != NEVER:
            return
        if self.periodic == NEVER:
            self.periodic = stamp - stamp % self._every + self._every
        if self.close == NEVER:
            end = self._sessions.end_of(stamp)
            self.close = BEYOND if end is None else end + 1
        self.due = min(self.periodic, self.close)

    def fire(self, until: int) -> Iterator[Fired]:
        """Give the timers that are due up to a stamp, in order; each is idle afterwards.

        Of two at the same stamp, the session's end comes first.
        """
        while (due := self.due) <= until:
            ended = due == self.close
            if ended:
                self.close = NEVER
            else:
                self.periodic = NEVER
            self.due = min(self.periodic, self.close)
            yield Fired(due, ended)
