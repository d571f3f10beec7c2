"""Trading sessions as a table of stamps; the calendar that fills it lives in connectors."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Final

NEVER: Final = 2**62  # a timer that is not armed
BEYOND: Final = NEVER - 1  # no session is left in the table


@dataclass(frozen=True, slots=True)
class SessionTable:
    """Regular sessions in order.

    Attributes:
        opens: microseconds since 1970-01-01 UTC, ascending.
        closes: of the same sessions; a decision at or after the close is closed.
    """

    opens: tuple[int, ...]
    closes: tuple[int, ...]

    def is_open(self, stamp: int) -> bool:
        """Tell whether a stamp lies in a session: open included, close not."""
        i = bisect_right(self.opens, stamp) - 1
        return i >= 0 and stamp < self.closes[i]

    def next_close(self, stamp: int) -> int | None:
        """Return the first close after a stamp, or None past the table's end."""
        i = bisect_right(self.closes, stamp)
        return self.closes[i] if i < len(self.closes) else None

    def close_of(self, stamp: int) -> int | None:
        """Return the close of the session a stamp belongs to: the first at or after it.

        What is known after a close belongs to the next session, which is the first that can
        act on it. None past the table's end.
        """
        i = bisect_left(self.closes, stamp)
        return self.closes[i] if i < len(self.closes) else None
