"""The exchange's clock and calendar, from a table of sessions."""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from connectors.broker.values import MarketClock, TradingDay
from connectors.market.calendar import NEW_YORK
from messages.units import to_datetime, to_micros
from operators.trading.sessions import SessionTable

DAY: Final = timedelta(days=1)
LAST_MINUTE: Final = time(23, 59)


def moved(sessions: SessionTable, by: timedelta) -> SessionTable:
    """Return sessions that begin and end so much later, each within one day of New York.

    Alpaca's calendar has one session for a date, and says when it ends as a time of that day: one
    that would go on past midnight closes at 23:59. One that would begin then, or on the day of the
    one before it (where clocks change), begins at the next midnight instead.
    """
    opens: list[int] = []
    closes: list[int] = []
    last = date.min
    for opened, closed in zip(sessions.opens, sessions.closes, strict=True):
        begins, ends = (_told(to_datetime(at) + by) for at in (opened, closed))
        day = begins.astimezone(NEW_YORK).date()
        if begins >= _last_minute(day) or day == last:
            day += DAY
            begins = datetime.combine(day, time(), NEW_YORK).astimezone(UTC)
        opens.append(to_micros(begins))
        closes.append(to_micros(min(ends, _last_minute(day))))
        last = day
    return SessionTable(opens, closes)


def _told(at: datetime) -> datetime:
    """Return a moment as its time of day is read: the first of two where clocks are put back."""
    return at.astimezone(NEW_YORK).replace(fold=0).astimezone(UTC)


def _last_minute(day: date) -> datetime:
    return datetime.combine(day, LAST_MINUTE, NEW_YORK).astimezone(UTC)


def clock_at(sessions: SessionTable, at: datetime) -> MarketClock:
    """Return what the exchange's clock says; assumes that the table has a later session."""
    now = to_micros(at)
    opens = sessions.opens[bisect_right(sessions.opens, now)]
    closes = sessions.closes[bisect_right(sessions.closes, now)]
    return MarketClock(
        at=at, is_open=sessions.is_open(now), opens=to_datetime(opens), closes=to_datetime(closes)
    )  # fmt: skip


def days_between(sessions: SessionTable, first: date, last: date) -> list[TradingDay]:
    """Return the sessions from the first to the last day, both included."""
    days = []
    for opens, closes in zip(sessions.opens, sessions.closes, strict=True):
        began = to_datetime(opens)
        day = began.astimezone(NEW_YORK).date()
        if first <= day <= last:
            days.append(TradingDay(day=day, opens=began, closes=to_datetime(closes)))
        elif day > last:
            break
    return days
