"""Any file of bars, however odd: the backtest's columns and the played rows are the same bars."""

import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.market.bar_file import BarFile
from connectors.market.bar_rows import bar_rows
from connectors.market.input_files import InputUnusable
from messages.control import DeadLetter
from messages.market import Bar
from messages.units import to_micros, to_units
from operators.admission import AdmitBars
from operators.blocks import Block, Event

OPEN = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)
COLUMNS = ("open", "high", "low", "close", "volume")
numbers = st.one_of(
    st.none(), st.just(10.0), st.integers(-2, 20).map(float), st.floats(9, 11),
    st.sampled_from([1e-5, 1e7, 1e7 + 1, 2.0**60, float("nan"), float("inf"), 10.150001525878906]),
)  # fmt: skip
moments = st.one_of(
    st.none(), st.integers(0, 6).map(lambda n: OPEN + timedelta(minutes=n)),
    st.sampled_from([datetime(1955, 5, 5, tzinfo=UTC), datetime(2101, 1, 3, tzinfo=UTC)]),
)  # fmt: skip
good = st.fixed_dictionaries(
    {"ticker": st.sampled_from(["AAA", "BBB"]), "ts": st.integers(0, 40).map(
        lambda n: OPEN + timedelta(minutes=n)), **dict.fromkeys(COLUMNS, st.just(10.0))}
)  # fmt: skip
odd = st.fixed_dictionaries(
    {"ticker": st.sampled_from(["AAA", "aaa", "", None, "A B", "TOOLONGTICKER"]), "ts": moments,
     **dict.fromkeys(COLUMNS, numbers)}
)  # fmt: skip


def columns_of(file: Path) -> list[tuple[Any, ...]]:
    names: dict[str, int] = {}
    found = []
    for bars in BarFile(file, "1m", given=True).batches(lambda t: names.setdefault(t, len(names))):
        tickers = list(names)
        for code, stamp, start, end, *values in zip(*(c.tolist() for c in bars), strict=True):
            assert stamp == end
            found.append((tickers[code], start, end, *values))
    return found


@given(st.lists(st.one_of(good, odd), min_size=1, max_size=30), st.sampled_from(["csv", "parquet"]))
def test_both_readers_see_the_same_bars_and_reasons(rows: list[dict[str, Any]], form: str) -> None:
    schema = pa.schema(
        [("ticker", pa.string()), ("ts", pa.timestamp("us", "UTC")),
         *((name, pa.float64()) for name in COLUMNS)]
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / f"bars.{form}"
        table = pa.Table.from_pylist(rows, schema)
        (pv.write_csv if form == "csv" else pq.write_table)(table, file)
        try:
            columns, survey = columns_of(file), BarFile(file, "1m", given=True).survey()
        except InputUnusable:  # the interval is believed, so only: no row is a bar
            columns, survey = [], None
        played = list(bar_rows(file)(0))
    admitted = AdmitBars(2**60, "1m", "recorded").step(
        Block([Event(0, "", row) for row in played], 0)
    )
    bars = [e.body for e in admitted.events if isinstance(e.body, Bar)]
    letters = [e.body for e in admitted.events if isinstance(e.body, DeadLetter)]
    assert columns == [
        (b.ticker, to_micros(b.start), to_micros(b.event_time),
         *map(to_units, (b.open, b.high, b.low, b.close)), b.volume)
        for b in bars
    ]  # fmt: skip
    if survey is not None:
        assert survey.refused == Counter(letter.reason for letter in letters)
    assert len(bars) + len(letters) == len(rows)
    assert sorted(row.number for row in played) == list(range(len(rows)))


@pytest.mark.parametrize("start", range(8))
def test_a_played_file_goes_on_from_any_place(tmp_path: Path, start: int) -> None:
    rows: list[dict[str, Any]] = [
        {"ticker": t, "ts": OPEN + timedelta(minutes=m), **dict.fromkeys(COLUMNS, 10.0)}
        for t in ("BBB", "AAA") for m in range(3)
    ]  # fmt: skip
    rows.insert(3, {**rows[0], "open": None})
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "bars.parquet")
    read = bar_rows(tmp_path / "bars.parquet")
    assert list(read(start)) == list(read(0))[start:]
