"""The session table against its oracle, day by day."""

import exchange_calendars

from connectors.calendar import new_york_sessions
from connectors.session_days import FIRST, LAST
from messages.units import MINUTE_US, to_micros
from operators.sessions import SessionTable


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
