"""The session table against its oracle, day by day."""

from datetime import UTC, datetime
from itertools import pairwise

import exchange_calendars
import pandas as pd
import pytest
from pandas.tseries.holiday import AbstractHolidayCalendar

from connectors.market.calendar import (
    day_span,
    new_york_sessions,
    session_day,
)
from connectors.market.session_days import CLOSED, EARLY, FIRST, LAST
from messages.units import MINUTE_US, to_datetime, to_micros
from operators.trading.sessions import GRACE_US, SessionTable


def test_every_session_equals_the_oracle(monkeypatch: pytest.MonkeyPatch) -> None:
    # pandas knows no rule's holiday before 1970 unless it is told to.
    monkeypatch.setattr(AbstractHolidayCalendar, "start_date", pd.Timestamp("1960-01-01"))
    oracle = exchange_calendars.get_calendar("XNYS", start=FIRST, end=LAST).schedule
    table = new_york_sessions()
    assert list(table.opens) == [to_micros(t.to_pydatetime()) for t in oracle["open"]]
    assert list(table.closes) == [to_micros(t.to_pydatetime()) for t in oracle["close"]]


def test_the_open_is_in_and_the_close_is_out() -> None:
    table = SessionTable((100,), (200,))
    assert [table.is_open(s) for s in (99, 100, 199, 200)] == [False, True, True, False]


def test_a_session_lasts_a_grace_beyond_its_close() -> None:
    table = SessionTable((100, 10**9), (200, 2 * 10**9))
    assert list(table.ends) == [200 + GRACE_US, 2 * 10**9 + GRACE_US]
    found = [table.end_of(s) for s in (0, 200, 200 + GRACE_US, 201 + GRACE_US, 3 * 10**9)]
    assert found == [table.ends[0]] * 3 + [table.ends[1], None]


def test_daylight_saving_and_a_half_day() -> None:
    table = new_york_sessions()
    lengths = {(c - o) // MINUTE_US for o, c in zip(table.opens, table.closes, strict=True)}
    assert lengths == {390, 270, 210}


def test_a_day_has_a_span() -> None:
    first, end = day_span("2025-07-03") or (0, 0)
    assert to_datetime(first - 1) == datetime(2025, 7, 2, 20, 1, tzinfo=UTC)
    assert to_datetime(end - 1) == datetime(2025, 7, 3, 17, 1, tzinfo=UTC)
    assert day_span("2025-07-04") is None


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2025-03-12T13:30", "2025-03-12"),  # the open
        ("2025-03-12T20:00", "2025-03-12"),  # the close itself
        ("2025-03-12T20:00:00.400", "2025-03-12"),  # the last bar, as it arrives live
        ("2025-03-12T20:01", "2025-03-12"),  # the last moment
        ("2025-03-12T20:01:00.000001", "2025-03-13"),  # what is known later belongs to the next
        ("2025-03-14T21:00", "2025-03-17"),  # Friday evening: Monday
        ("2025-07-03T17:00", "2025-07-03"),  # a half day
        ("2025-07-03T18:00", "2025-07-07"),  # behind it a holiday and a weekend
        ("2101-06-01T12:00", "2101-06-01"),  # past the table
    ],
)
def test_the_session_that_a_moment_belongs_to(moment: str, day: str) -> None:
    stamp = to_micros(datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert session_day(stamp) == day


def test_day_spans_follow_each_other_without_a_gap() -> None:
    days = ["2025-03-10", "2025-03-11", "2025-03-12", "2025-03-13", "2025-03-14", "2025-03-17"]
    spans = [day_span(day) for day in days]
    for before, after in pairwise(spans):
        assert before is not None
        assert after is not None
        assert before[1] == after[0]
    for day, span in zip(days, spans, strict=True):
        assert span is not None
        assert (session_day(span[0]), session_day(span[1] - 1)) == (day, day)
    assert day_span("2025-03-15") is None


def test_the_table_says_itself_how_far_it_goes() -> None:
    table = new_york_sessions()
    assert f"{to_datetime(table.opens[0]):%Y-%m-%d}" >= FIRST
    assert f"{to_datetime(table.closes[-1]):%Y-%m-%d}" <= LAST
    assert table.end_of(table.ends[-1]) == table.ends[-1]
    assert table.end_of(table.ends[-1] + 1) is None
    assert not set(CLOSED) & set(EARLY)
    assert list(CLOSED) == sorted(set(CLOSED))
