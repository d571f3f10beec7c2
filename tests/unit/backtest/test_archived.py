"""An archive's days as a backtest's input: what was of them, however late it came."""

from pathlib import Path

import pyarrow.parquet as pq

from flows.backtest.archived import archived_inputs
from messages.units import DAY_US, MINUTE_US
from operators.blocks import Event
from tests.archives import DAY, archived_day, traded_inputs
from tests.streams import OPEN, at, bar


def moved(event: Event, by: int, stamp: int) -> Event:
    """Return a bar of another day that came at a stamp, after the fact."""
    body = bar(-by // MINUTE_US, event.key, 90_0000, backfilled=True).body
    return Event(stamp, event.key, body)


def test_history_of_days_before_is_no_bar_of_these_days(tmp_path: Path) -> None:
    plain = traded_inputs()
    early = [moved(plain[0], n * DAY_US, OPEN + 1) for n in (2, 1)]
    late = bar(30, "CCC", 70_0000, backfilled=True)._replace(stamp=at(33))
    given = sorted([*plain, *early, late], key=lambda e: (e.stamp, e.key))
    files = [tmp_path / name for name in ("with.parquet", "without.parquet")]
    for place, events, file in (("a", given, files[0]), ("b", [*plain, late], files[1])):
        events = sorted(events, key=lambda e: (e.stamp, e.key))
        archive = archived_day(tmp_path / place / "run-1", events)
        digest, scored = archived_inputs(archive, DAY, DAY, file)
        assert (bool(digest), len(scored)) == (True, 3)
    rows = [pq.read_table(file).to_pylist() for file in files]
    assert rows[0] == rows[1]
    assert [r["ticker"] for r in rows[0]].count("CCC") == 1
    assert len(rows[0]) == 121
