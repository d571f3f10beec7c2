"""The interval that a file shows, and what contradicts a stated one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.market.bar_file import BarFile
from connectors.market.bar_rows import bar_rows
from connectors.market.bar_survey import BarSurvey
from connectors.market.calendar import NEW_YORK, new_york_sessions
from connectors.market.input_files import InputUnusable
from messages.units import to_datetime

OPEN = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)
DAYS = [to_datetime(o) for o in new_york_sessions().opens if to_datetime(o).year == 2024]


def bars(*moments: datetime, ticker: str = "AAA") -> list[dict[str, Any]]:
    price = {"open": 10.0, "high": 11.0, "low": 9.0, "close": 10.0, "volume": 100}
    return [{"ticker": ticker, "ts": m, **price} for m in moments]


def every(minutes: float, count: int, start: datetime = OPEN) -> list[datetime]:
    return [start + timedelta(minutes=minutes * n) for n in range(count)]


def at(hour: int, minute: int = 0, zone: Any = NEW_YORK, count: int = 60) -> list[datetime]:
    """Return a stamp a session at one time of the clock of a zone."""
    days = [datetime(d.year, d.month, d.day, hour, minute, tzinfo=zone) for d in DAYS]
    return days[:count]


def survey(tmp_path: Path, rows: list[dict[str, Any]], interval: str = "") -> BarSurvey:
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "bars.parquet")
    return BarFile(tmp_path / "bars.parquet", interval).survey()


@pytest.mark.parametrize(
    ("rows", "interval"),
    [
        (bars(*every(1, 30)), "1m"),
        (bars(*every(5, 30)), "5m"),
        (bars(*every(60, 7), *every(60, 7, OPEN + timedelta(days=1))), "1h"),
        (bars(*at(0)), "1d"),
        (bars(*at(0, zone=UTC)), "1d"),
        (bars(*at(16)), "1d"),
        (bars(*at(9, 30)), "1d"),
        (bars(*at(0, count=2)), "1d"),
        (bars(*every(1, 2)), "1m"),
        (bars(*every(5, 4)), "5m"),
        # A ticker that seldom trades says nothing; the others do.
        (bars(*every(1, 30)) + bars(OPEN, OPEN + timedelta(minutes=17), ticker="BBB"), "1m"),
        # Distances that nothing longer fits.
        (bars(*(OPEN + timedelta(minutes=m) for m in (0, 7, 9, 40))), "1m"),
        # A lunch without trades.
        (bars(*every(5, 12), *every(5, 12, OPEN + timedelta(hours=3))), "5m"),
    ],
)
def test_a_file_shows_its_interval(
    tmp_path: Path, rows: list[dict[str, Any]], interval: str
) -> None:
    found = survey(tmp_path, rows)
    assert (found.interval, found.inferred) == (interval, True)
    stated = survey(tmp_path, rows, interval)
    assert (stated.interval, stated.inferred) == (interval, False)
    assert stated.rows == found.rows == len(rows)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (bars(*every(1, 30)) + bars(*every(5, 30), ticker="BBB"), "mixes .*1 minute and 5 minutes"),
        (
            bars(*every(1, 30)) + bars(*every(5, 30, OPEN + timedelta(days=1))),
            "mixes bars that are 1 minute and 5 minutes apart",
        ),
        (bars(*every(15, 20)), "its bars are 15 minutes apart"),
        (bars(*every(0.5, 20)), "its bars are 30 seconds apart"),
        (bars(OPEN), "too few bars to tell"),
        (bars(OPEN, OPEN + timedelta(minutes=5)), "too few bars to tell"),
        (bars(*(OPEN + timedelta(minutes=m) for m in (0, 10, 25, 40))), "too few bars to tell"),
        (bars(*at(11, count=9)), "too few bars to tell"),
        (
            bars(*every(5, 30), OPEN + timedelta(minutes=7), ticker="CCC"),
            "has two bars 2 minutes apart",
        ),
        (bars(*every(1, 30), OPEN + timedelta(minutes=7, seconds=20)), "two bars 20 seconds apart"),
    ],
)
def test_a_file_that_shows_none_is_refused(
    tmp_path: Path, rows: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(InputUnusable, match=f"does not show its interval: .*{words}.*--interval"):
        survey(tmp_path, rows)


@pytest.mark.parametrize(
    ("rows", "stated", "words"),
    [
        (bars(*every(5, 30)), "1m", "its bars are 5 minutes apart, not 1m"),
        (bars(*every(1, 30)), "5m", "its bars are 1 minute apart, not 5m"),
        (bars(*every(1, 30)), "1d", "its bars are 1 minute apart, not 1d"),
        (bars(*at(0)), "1m", "its bars are days apart, not 1m"),
        (bars(*at(0)), "1h", "its bars are days apart, not 1h"),
        (bars(OPEN, OPEN + timedelta(minutes=2)), "5m", "two bars 2 minutes apart"),
        (bars(OPEN, OPEN + timedelta(minutes=7)), "5m", "not a whole number of 5m apart"),
    ],
)
def test_a_stated_interval_that_the_bars_contradict_is_refused(
    tmp_path: Path, rows: list[dict[str, Any]], stated: str, words: str
) -> None:
    with pytest.raises(InputUnusable, match=f"holds no bars of {stated}: .*{words}"):
        survey(tmp_path, rows, stated)


@pytest.mark.parametrize("stated", ["1m", "5m"])
def test_few_bars_contradict_nothing(tmp_path: Path, stated: str) -> None:
    rows = bars(OPEN, OPEN + timedelta(minutes=5), OPEN + timedelta(minutes=40))
    assert survey(tmp_path, rows, stated).interval == stated


@pytest.mark.parametrize(
    ("moments", "words"),
    [
        # Midnight in Kolkata and in Tokyo is the middle of the session before.
        ([m - timedelta(hours=5, minutes=30) for m in at(0, zone=UTC)], "lies in a session"),
        ([m - timedelta(hours=9) for m in at(0, zone=UTC)], "lies in a session"),
        ([OPEN + timedelta(days=d) for d in (-4.3, -3.3)], "means a day of a weekend"),
        (
            [datetime(2024, 1, d, 5, tzinfo=UTC) + timedelta(hours=h)
             for d, h in ((8, 0), (9, 0), (9, 1))],
            "two bars in one session",
        ),
    ],
)  # fmt: skip
def test_daily_bars_whose_stamps_mean_other_days_are_refused(
    tmp_path: Path, moments: list[datetime], words: str
) -> None:
    with pytest.raises(InputUnusable, match=words + r".*New York or in UTC"):
        survey(tmp_path, bars(*moments), "1d")


def test_a_daily_bar_of_a_holiday_is_a_refused_row(tmp_path: Path) -> None:
    moments = [datetime(2024, 1, d, 5, tzinfo=UTC) for d in (11, 12, 15, 16, 17)]
    found = survey(tmp_path, bars(*moments))
    assert (found.interval, found.refused, found.rows) == ("1d", {"NO_SESSION": 1}, 4)
    assert "2024-01-15" in found.first_refused


def test_a_daily_bar_is_known_at_its_close_half_days_included(tmp_path: Path) -> None:
    """Midnight, and four o'clock of the day itself, mean the same session."""
    days = [datetime(2024, 7, d, tzinfo=NEW_YORK) for d in (2, 3, 5)]
    closes = [datetime(2024, 7, d, h, tzinfo=NEW_YORK) for d, h in ((2, 16), (3, 13), (5, 16))]
    for hour in (0, 16):
        rows = bars(*(d + timedelta(hours=hour) for d in days))
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "bars.parquet")
        found = bar_rows(tmp_path / "bars.parquet", "1d")(0)
        assert [(row.values or {})["end"] for row in found] == closes
