"""A batch of bars as columns, and which of them count."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from operators.bar_filter import FUTURE_TOLERANCE_US

Ints = NDArray[np.int64]
GOOD, DUPLICATE, LATE, FUTURE = range(4)
REASONS: Final = ("", "DUPLICATE", "LATE", "FUTURE")
UNSEEN: Final = -(2**62)


class BarColumns(NamedTuple):
    """Bars in order of stamp and ticker; times in microseconds, prices in units.

    Attributes:
        code: row of the ticker in the loop's state.
        stamp: when the system knew the bar; start and end are its own.
    """

    code: Ints
    stamp: Ints
    start: Ints
    end: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints

    @property
    def size(self) -> int:
        """Return the number of bars; the length of a tuple is that of its columns."""
        return int(self.code.size)

    def take(self, rows: Any) -> "BarColumns":
        """Return some of the rows."""
        return BarColumns(*(column[rows] for column in self))


def _compiled(version: int) -> Callable[..., int]:
    """Return the judge; the version is in the key of the compiler's cache."""

    @njit(cache=True)
    def verdicts(code: Ints, stamp: Ints, start: Ints, end: Ints, last: Ints, out: Ints) -> int:
        """Judge bars as `BarFilter` does; returns how many are refused.

        Args:
            code: per bar, row of its ticker.
            stamp: when it was known.
            start: of its interval.
            end: of its interval.
            last: per ticker, start of its last good bar; updated.
            out: per bar, GOOD or why not.
        """
        refused = version - version
        for j in range(code.size):
            k = code[j]
            if end[j] > stamp[j] + FUTURE_TOLERANCE_US:
                out[j] = FUTURE
            elif start[j] <= last[k]:
                out[j] = DUPLICATE if start[j] == last[k] else LATE
            else:
                out[j] = GOOD
                last[k] = start[j]
            refused += out[j] != GOOD
        return refused

    return verdicts


verdicts = _compiled(FUTURE_TOLERANCE_US)
