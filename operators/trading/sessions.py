"""Trading sessions as a table of stamps; the calendar that fills it lives in connectors."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

from messages.units import MINUTE_US

GRACE_US: Final = MINUTE_US  # after the close: the last bar's way, live
NEVER: Final = 2**62  # a timer that is not armed
BEYOND: Final = NEVER - 1  # no session is left in the table


class SessionTable:
    """Regular sessions in order, and the one boundary between them.

    A session lasts to its end, a grace after its close: its last bar, which is known at the close
    at the earliest, arrives within it. Kept states, days of the archive, volumes, expiries, profits
    of a day and backtests all go by `end_of`; only whether the market is open goes by the close.

    Attributes:
        opens: microseconds since 1970-01-01 UTC, ascending; 64 bits each.
        closes: of the same sessions; a decision at or after the close is closed.
        ends: last moments that belong to the sessions: the closes and the grace.
    """

    __slots__ = ("closes", "ends", "opens")

    def __init__(self, opens: Sequence[int], closes: Sequence[int]) -> None:
        """Take the opens and the closes."""
        self.opens, self.closes = array("q", opens), array("q", closes)
        self.ends = array("q", (close + GRACE_US for close in closes))

    def is_open(self, stamp: int) -> bool:
        """Tell whether a stamp lies in a session: open included, close not."""
        i = bisect_right(self.opens, stamp) - 1
        return i >= 0 and stamp < self.closes[i]

    def number_of(self, stamp: int) -> int:
        """Return the number of the session a stamp belongs to."""
        return bisect_left(self.ends, stamp)

    def end_of(self, stamp: int) -> int | None:
        """Return the end of the session a stamp belongs to: the first at or after it.

        What is known after an end belongs to the next session, which is the first that can act on
        it. None past the table's end.
        """
        i = self.number_of(stamp)
        return self.ends[i] if i < len(self.ends) else None
