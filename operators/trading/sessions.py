"""Trading sessions as a table of stamps; the calendar that fills it lives in connectors."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from messages.units import MINUTE_US

GRACE_US: Final = MINUTE_US  # after the close: the last bar's way, live
Ints = NDArray[np.int64]
NEVER: Final = 2**62  # a timer that is not armed
BEYOND: Final = NEVER - 1  # no session is left in the table


@dataclass(frozen=True, slots=True)
class SessionTable:
    """Regular sessions in order, and the one boundary between them.

    A session lasts to its end, a grace after its close: its last bar, which is known at the close
    at the earliest, arrives within it. Kept states, days of the archive, volumes, expiries, profits
    of a day and backtests all go by `end_of`; only whether the market is open goes by the close.

    Attributes:
        opens: microseconds since 1970-01-01 UTC, ascending.
        closes: of the same sessions; a decision at or after the close is closed.
        ends: last moments that belong to the sessions: the closes and the grace.
        columns: opens, closes and ends as arrays.
    """

    opens: tuple[int, ...]
    closes: tuple[int, ...]
    ends: tuple[int, ...] = field(init=False)
    columns: tuple[Ints, Ints, Ints] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Work out the ends."""
        opens, closes = np.array(self.opens, np.int64), np.array(self.closes, np.int64)
        ends = closes + GRACE_US
        object.__setattr__(self, "ends", tuple(ends.tolist()))
        object.__setattr__(self, "columns", (opens, closes, ends))

    def is_open(self, stamp: int) -> bool:
        """Tell whether a stamp lies in a session: open included, close not."""
        i = bisect_right(self.opens, stamp) - 1
        return i >= 0 and stamp < self.closes[i]

    def within(self, stamps: Ints) -> NDArray[np.bool_]:
        """Tell which stamps lie inside a session, its open and its close left out."""
        opens, closes, _ = self.columns
        place = np.searchsorted(closes, stamps, side="left").clip(max=len(closes) - 1)
        inside: NDArray[np.bool_] = (opens[place] < stamps) & (stamps < closes[place])
        return inside

    def numbers_of(self, stamps: Ints) -> Ints:
        """Return the number of the session each stamp belongs to; see `end_of`."""
        return np.searchsorted(self.columns[2], stamps, side="left")

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
