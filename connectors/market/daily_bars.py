"""Daily bars: which session a stamp means, for many at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connectors.market.calendar import CLOSE, SATURDAY, new_york_sessions, offset_of, session_days
from messages.units import DAY_US
from operators.trading.session_columns import columns_of, within

Ints = NDArray[np.int64]


class DailyBars(NamedTuple):
    """What daily bars' stamps mean, bar by bar.

    Attributes:
        day: the day that is meant, as a number since 1970-01-01.
        close: of its session, microseconds; 0 where it has none.
        within: the stamp lies inside a session, so it begins no day.
    """

    day: Ints
    close: Ints
    within: NDArray[np.bool_]


def daily_bars(starts: Ints) -> DailyBars:
    """Return which session each daily bar is about, and when it is known: at its close.

    The day is New York's up to four in the afternoon, after that the next one: midnight in New
    York, in London and in UTC all mean the day that begins, four o'clock the day that ends.

    Args:
        starts: the bars' stamps, microseconds, within the table.
    """
    sessions, days = new_york_sessions(), np.array(session_days(), np.int64)
    local = starts + _offsets(starts // DAY_US)
    day = local // DAY_US + (local % DAY_US > CLOSE)
    place = np.minimum(np.searchsorted(days, day), len(days) - 1)
    close = np.where(days[place] == day, columns_of(sessions).closes[place], 0)
    return DailyBars(day, close, within(sessions, starts))


def is_weekend(days: Ints) -> NDArray[np.bool_]:
    """Tell which days, as numbers since 1970-01-01, are a Saturday or a Sunday."""
    return (days + 3) % 7 >= SATURDAY


def _offsets(days: Ints) -> Ints:
    """Return New York's offset from UTC on some days at noon, microseconds."""
    known, place = np.unique((days + 3) // 7, return_inverse=True)
    return np.array([offset_of(7 * week - 3) for week in known.tolist()], np.int64)[place]
