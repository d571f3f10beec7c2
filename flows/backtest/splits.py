"""Splits in unadjusted prices: found as gaps between sessions, refused or taken out."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from messages.errors import TidewireError
from operators.columns.bars import BarColumns
from operators.trading.session_columns import numbers_of
from operators.trading.sessions import SessionTable

Ints = NDArray[np.int64]
# New shares for old; a gap near one of these, or its inverse, is taken for a split.
RATIOS: Final = (1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50)
GAP_PERCENT: Final = 30
CLOSE_ENOUGH: Final = 0.12  # an overnight move comes on top


class SplitFound(TidewireError, ValueError):
    """Prices jump as in a split. Operator action: see the message."""


class Split(NamedTuple):
    """A gap between two sessions.

    Attributes:
        code: row of the ticker.
        stamp: of the first bar after it.
        before: last close before, units; after: the open.
    """

    code: int
    stamp: int
    before: int
    after: int

    @property
    def ratio(self) -> float | None:
        """Return new shares for one old, or None when the gap is near no usual ratio."""
        jump = self.before / self.after
        for ratio in RATIOS:
            for candidate in (float(ratio), 1 / ratio):
                if abs(jump / candidate - 1) < CLOSE_ENOUGH:
                    return candidate
        return None


class GapWatch:
    """Watches the gaps between sessions, bar by bar."""

    def __init__(self, sessions: SessionTable) -> None:
        """Take the market's sessions."""
        self._sessions = sessions
        self._last = np.zeros((0, 2), np.int64)  # per ticker: close, session

    def look(self, bars: BarColumns) -> Iterator[Split]:
        """Return the gaps over 30 per cent that these bars show, in order."""
        if not bars.size:
            return
        top = int(bars.code.max()) + 1
        if top > len(self._last):
            more = np.zeros((2 * top - len(self._last), 2), np.int64)
            self._last = np.concatenate([self._last, more])
        session = numbers_of(self._sessions, bars.stamp)
        before = np.zeros(bars.size, np.int64)
        _gaps(bars.code, session, bars.open, bars.close, self._last, before)
        for j in np.nonzero(before)[0]:
            yield Split(int(bars.code[j]), int(bars.stamp[j]), int(before[j]), int(bars.open[j]))


def adjusted(bars: BarColumns, splits: list[Split]) -> BarColumns:
    """Return bars with the prices and volumes before each split in the shares after it."""
    factor = np.ones(bars.size)
    for split in splits:
        earlier = (bars.code == split.code) & (bars.stamp < split.stamp)
        factor[earlier] *= split.ratio or 1.0
    if (factor == 1.0).all():
        return bars

    def divided(prices: Ints) -> Ints:
        return np.maximum(np.rint(prices / factor), 1).astype(np.int64)

    return bars._replace(
        open=divided(bars.open), high=divided(bars.high), low=divided(bars.low),
        close=divided(bars.close),
        volume=np.rint(bars.volume * factor).astype(np.int64),
    )  # fmt: skip


@njit(cache=True)
def _gaps(code: Ints, session: Ints, opening: Ints, close: Ints, last: Ints, before: Ints) -> None:
    for j in range(code.size):
        k = code[j]
        old = last[k, 0]
        jump = 100 * abs(opening[j] - old) > GAP_PERCENT * max(old, opening[j])
        if jump and old and session[j] != last[k, 1]:
            before[j] = old
        last[k, 0], last[k, 1] = close[j], session[j]
