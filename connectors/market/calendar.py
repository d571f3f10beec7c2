"""The exchange's sessions as stamps, built once from a small table of exceptions."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, datetime, time
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from connectors.market.session_days import CLOSED, EARLY, EARLY_AT_14, FIRST, LAST
from messages.units import DAY_US, HOUR_US, MICROSECOND, MINUTE_US, to_datetime, to_micros
from operators.trading.sessions import SessionTable

NEW_YORK: Final = ZoneInfo("America/New_York")
OPEN: Final = 9 * HOUR_US + 30 * MINUTE_US  # after midnight in New York
CLOSE: Final = 16 * HOUR_US
EARLY_CLOSES: Final = {13 * HOUR_US: EARLY, 14 * HOUR_US: EARLY_AT_14}
SATURDAY: Final = 5
EPOCH: Final = date(1970, 1, 1).toordinal()


@cache
def new_york_sessions() -> SessionTable:
    """Return every regular session of the table, half days and holidays included."""
    early = {_number(name): at for at, names in EARLY_CLOSES.items() for name in names}
    opens, closes = array("q"), array("q")
    for day in session_days():
        midnight = day * DAY_US - offset_of(day)
        opens.append(midnight + OPEN)
        closes.append(midnight + early.get(day, CLOSE))
    return SessionTable(opens, closes)


@cache
def session_days() -> Sequence[int]:
    """Return the days with a session, as numbers since 1970-01-01."""
    closed = {_number(name) for name in CLOSED}
    # 1970-01-01 was a Thursday.
    return array(
        "i",
        (
            n for n in range(_number(FIRST), _number(LAST) + 1)
            if (n + 3) % 7 < SATURDAY and n not in closed
        ),
    )  # fmt: skip


def offset_of(day: int) -> int:
    """Return New York's offset from UTC on a day at noon, microseconds.

    Assumes what holds since 1962: the offset changes on Sundays, between two sessions; so one
    day of each week tells for all.
    """
    return _offset_of_week((day + 3) // 7)


@lru_cache(maxsize=8)
def _offset_of_week(week: int) -> int:
    monday = date.fromordinal(EPOCH + 7 * week - 3)
    found = datetime.combine(monday, time(12), NEW_YORK).utcoffset()
    return 0 if found is None else found // MICROSECOND  # New York always has one


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
