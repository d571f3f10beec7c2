"""The exchange's sessions as stamps, built once from a small table of exceptions."""

from bisect import bisect_left
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from connectors.market.session_days import CLOSED, EARLY, FIRST, LAST
from messages.units import to_datetime, to_micros
from operators.trading.sessions import SessionTable

NEW_YORK: Final = ZoneInfo("America/New_York")
OPEN: Final = time(9, 30)
CLOSE: Final = time(16, 0)
EARLY_CLOSE: Final = time(13, 0)


@cache
def new_york_sessions() -> SessionTable:
    """Return every regular session of the table, half days and holidays included."""
    closed, early = set(CLOSED), set(EARLY)
    day, last = date.fromisoformat(FIRST), date.fromisoformat(LAST)
    opens, closes = [], []
    while day <= last:
        name = day.isoformat()
        if day.weekday() < 5 and name not in closed:
            opens.append(_stamp(day, OPEN))
            closes.append(_stamp(day, EARLY_CLOSE if name in early else CLOSE))
        day += timedelta(days=1)
    return SessionTable(tuple(opens), tuple(closes))


def session_day(stamp: int) -> str:
    """Return the session a stamp belongs to, as YYYY-MM-DD; past the table the day in UTC."""
    close = new_york_sessions().close_of(stamp)
    if close is None:
        return f"{to_datetime(stamp):%Y-%m-%d}"
    return f"{to_datetime(close).astimezone(NEW_YORK):%Y-%m-%d}"


def day_span(day: str) -> tuple[int, int] | None:
    """Return a session day's first moment and the moment after its last.

    It begins right after the close before, and ends right after its own.

    Args:
        day: YYYY-MM-DD; None is returned where there is no session.
    """
    noon = to_micros(datetime.combine(date.fromisoformat(day), time(12), NEW_YORK))
    closes = new_york_sessions().closes
    i = bisect_left(closes, noon)
    if i == len(closes) or session_day(closes[i]) != day:
        return None
    return (closes[i - 1] + 1 if i else 0), closes[i] + 1


def end_of_daily_bar(start: datetime) -> datetime:
    """Return when a daily bar is known: its session's close, or a day later without a session."""
    close = new_york_sessions().close_of(to_micros(start))
    day = start + timedelta(days=1)
    return day if close is None or to_datetime(close) >= day else to_datetime(close)


def _stamp(day: date, at: time) -> int:
    return to_micros(datetime.combine(day, at, NEW_YORK))
