"""The exchange's clock and calendar, from a table of sessions."""

from bisect import bisect_right
from datetime import date, datetime, timedelta

from connectors.broker.values import MarketClock, TradingDay
from connectors.market.calendar import NEW_YORK
from messages.units import MICROSECOND, to_datetime, to_micros
from operators.trading.sessions import SessionTable


def moved(sessions: SessionTable, by: timedelta) -> SessionTable:
    """Return sessions that begin and end so much later."""
    shift = by // MICROSECOND
    return SessionTable(
        [opens + shift for opens in sessions.opens], [closes + shift for closes in sessions.closes]
    )


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
