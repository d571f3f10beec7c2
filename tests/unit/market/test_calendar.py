"""The session table against its oracle, day by day."""

from datetime import UTC, datetime, timedelta

import exchange_calendars

from connectors.market.calendar import day_span, end_of_daily_bar, new_york_sessions
from connectors.market.session_days import FIRST, LAST
from messages.units import MINUTE_US, to_datetime, to_micros
from operators.trading.sessions import SessionTable


def test_every_session_equals_the_oracle() -> None:
    oracle = exchange_calendars.get_calendar("XNYS", start=FIRST, end=LAST).schedule
    table = new_york_sessions()
    assert list(table.opens) == [to_micros(t.to_pydatetime()) for t in oracle["open"]]
    assert list(table.closes) == [to_micros(t.to_pydatetime()) for t in oracle["close"]]


def test_the_open_is_in_and_the_close_is_out() -> None:
    table = SessionTable((100,), (200,))
    assert [table.is_open(s) for s in (99, 100, 199, 200)] == [False, True, True, False]
    assert [table.next_close(s) for s in (0, 199, 200)] == [200, 200, None]


def test_daylight_saving_and_a_half_day() -> None:
    table = new_york_sessions()
    lengths = {(c - o) // MINUTE_US for o, c in zip(table.opens, table.closes, strict=True)}
    assert lengths == {390, 210}


def test_a_daily_bar_is_known_at_its_close_and_a_day_has_a_span() -> None:
    start = datetime(2025, 7, 3, 4, tzinfo=UTC)  # the day before Independence Day closes early
    assert end_of_daily_bar(start) == datetime(2025, 7, 3, 17, tzinfo=UTC)
    holiday = start + timedelta(days=1)
    assert end_of_daily_bar(holiday) == holiday + timedelta(days=1)
    first, end = day_span("2025-07-03") or (0, 0)
    assert to_datetime(first - 1) == datetime(2025, 7, 2, 20, tzinfo=UTC)
    assert to_datetime(end - 1) == datetime(2025, 7, 3, 17, tzinfo=UTC)
    assert day_span("2025-07-04") is None
