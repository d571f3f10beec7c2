"""Learning cycles: so many sessions each, by the one boundary between sessions.

What the outcomes of a cycle lead to is decided at its end and holds from the end of the next one:

    cycle     1            2            3            4
              | outcomes   | decided    | holds
              +------------+------------+------------+----
                           boundary 1   boundary 2

So nobody waits for what follows from the present: who decides at boundary 1 can say at once that
nothing else will change before boundary 3.
"""

from operators.trading.sessions import SessionTable


class Cycles:
    """Cycles of a number of sessions, counted from the first session of the table."""

    def __init__(self, sessions: SessionTable, length: int) -> None:
        """Take the sessions, and how many make a cycle."""
        self._ends = sessions.ends
        self._sessions = sessions
        self._length = length

    def number_of(self, stamp: int) -> int:
        """Return the number of the cycle that a stamp belongs to."""
        return self._sessions.number_of(stamp) // self._length

    def end_of(self, cycle: int) -> int | None:
        """Return the last moment of a cycle; None outside the table."""
        last = (cycle + 1) * self._length - 1
        return self._ends[last] if 0 <= last < len(self._ends) else None

    def effective_from(self, cycle: int) -> int | None:
        """Return the moment from which what a cycle's outcomes lead to holds; None: never."""
        end = self.end_of(cycle + 1)
        return None if end is None else end + 1

    def silent_until(self, frontier: int) -> int:
        """Return the first moment from which a weight may change that is not decided yet.

        Args:
            frontier: everything before it is known, itself not: a cycle is judged when time has
                passed its end.
        """
        found = self.effective_from(self.number_of(frontier - 1))
        return self._ends[-1] + 1 if found is None else found
