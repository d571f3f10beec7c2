"""The exchange's sessions as stamps, built once from a small table of exceptions."""

from bisect import bisect_left
from datetime import date, datetime, time
from functools import cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from connectors.market.session_days import CLOSED, EARLY, EARLY_AT_14, FIRST, LAST
from messages.units import DAY_US, HOUR_US, MICROSECOND, MINUTE_US, to_datetime, to_micros
from operators.trading.sessions import SessionTable

NEW_YORK: Final = ZoneInfo("America/New_York")
Ints = NDArray[np.int64]
OPEN: Final = 9 * HOUR_US + 30 * MINUTE_US  # after midnight in New York
CLOSE: Final = 16 * HOUR_US
EARLY_CLOSES: Final = {13 * HOUR_US: EARLY, 14 * HOUR_US: EARLY_AT_14}
SATURDAY: Final = 5
EPOCH: Final = date(1970, 1, 1).toordinal()


@cache
def new_york_sessions() -> SessionTable:
    """Return every regular session of the table, half days and holidays included."""
    days = np.array(_session_days(), np.int64)
    midnight = days * DAY_US - _offsets(days)
    close = np.full(len(days), CLOSE)
    for at, names in EARLY_CLOSES.items():
        close[np.isin(days, [_number(name) for name in names])] = at
    return SessionTable(tuple((midnight + OPEN).tolist()), tuple((midnight + close).tolist()))


@cache
def _session_days() -> list[int]:
    """Return the days with a session, as numbers since 1970-01-01."""
    closed = {_number(name) for name in CLOSED}
    # 1970-01-01 was a Thursday.
    return [
        n for n in range(_number(FIRST), _number(LAST) + 1)
        if (n + 3) % 7 < SATURDAY and n not in closed
    ]  # fmt: skip


def _offsets(days: Ints) -> Ints:
    """Return New York's offset from UTC on some days at noon, microseconds.

    Assumes what holds since 1962: the offset changes on Sundays, between two sessions; so one
    day of each week tells for all.
    """
    weeks, place = np.unique((days + 3) // 7, return_inverse=True)
    mondays = [date.fromordinal(EPOCH + 7 * week - 3) for week in weeks.tolist()]
    found = [datetime.combine(day, time(12), NEW_YORK).utcoffset() for day in mondays]
    return np.array([o // MICROSECOND for o in found if o is not None], np.int64)[place]


def _number(name: str) -> int:
    return date.fromisoformat(name).toordinal() - EPOCH


def session_day(stamp: int) -> str:
    """Return the session a stamp belongs to, as YYYY-MM-DD; outside the table the day in UTC."""
    end = new_york_sessions().end_of(stamp)
    if end is None:
        return f"{to_datetime(stamp):%Y-%m-%d}"
    return f"{to_datetime(end).astimezone(NEW_YORK):%Y-%m-%d}"


def day_span(day: str) -> tuple[int, int] | None:
    """Return a session day's first moment and the moment after its last.

    It begins right after the end of the one before, and ends right after its own.

    Args:
        day: YYYY-MM-DD; None is returned where there is no session.
    """
    noon = to_micros(datetime.combine(date.fromisoformat(day), time(12), NEW_YORK))
    ends = new_york_sessions().ends
    i = bisect_left(ends, noon)
    if i == len(ends) or session_day(ends[i]) != day:
        return None
    return (ends[i - 1] + 1 if i else 0), ends[i] + 1


def calendar_span() -> tuple[int, int]:
    """Return the first moment of the table's first day, and the moment after its last, UTC."""
    return _number(FIRST) * DAY_US, (_number(LAST) + 1) * DAY_US


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
    sessions, days = new_york_sessions(), np.array(_session_days(), np.int64)
    local = starts + _offsets(starts // DAY_US)
    day = local // DAY_US + (local % DAY_US > CLOSE)
    place = np.minimum(np.searchsorted(days, day), len(days) - 1)
    return DailyBars(
        day, np.where(days[place] == day, sessions.columns[1][place], 0), sessions.within(starts)
    )


def is_weekend(days: Ints) -> NDArray[np.bool_]:
    """Tell which days, as numbers since 1970-01-01, are a Saturday or a Sunday."""
    return (days + 3) % 7 >= SATURDAY
