"""Files of bars as columns: streamed, sorted, cut, refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

from connectors.market import bar_file as columns
from connectors.market.bar_file import BarFile
from connectors.market.input_files import InputUnusable
from messages.units import to_micros

OPEN = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)


def rows(minutes: int, *tickers: str, **changes: Any) -> list[dict[str, Any]]:
    return [
        {
            "ticker": t, "timestamp": OPEN + timedelta(minutes=m), "open": 10.0 + m, "high": 99.0,
            "low": 1.0, "close": 10.5 + m, "volume": 100 + m, **changes,
        }
        for m in range(minutes) for t in tickers
    ]  # fmt: skip


def parquet(tmp_path: Path, found: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(found), tmp_path / "bars.parquet")
    return tmp_path / "bars.parquet"


def read(file: BarFile) -> list[tuple[str, int, int, int, int]]:
    names: dict[str, int] = {}
    found = []
    for bars in file.batches(lambda t: names.setdefault(t, len(names))):
        tickers = list(names)
        for values in zip(*(c.tolist() for c in bars), strict=True):
            code, stamp, start, end, opening, high, low, close, volume = values
            assert (high, low) == (990_000, 10_000)
            assert stamp == end == start + 60_000_000
            found.append((tickers[code], start, opening, close, volume))
    return found


def expected(found: list[dict[str, Any]]) -> list[tuple[str, int, int, int, int]]:
    return [
        (r["ticker"], to_micros(r["timestamp"]), round(r["open"] * 10_000),
         round(r["close"] * 10_000), r["volume"])
        for r in found
    ]  # fmt: skip


def test_a_file_comes_in_whole_moments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = rows(50, "AAA", "BBB", "CCC")
    file = BarFile(parquet(tmp_path, found))
    monkeypatch.setattr(columns, "BATCH", 7)
    sizes = [bars.size for bars in file.batches(lambda t: ord(t[0]) - 65)]
    assert len(sizes) > 5
    assert all(size % 3 == 0 for size in sizes)
    assert read(file) == expected(found)
    assert file.total() == 150


def test_any_order_and_csv_give_the_same(tmp_path: Path) -> None:
    found = rows(20, "AAA", "BBB")
    by_ticker = sorted(found, key=lambda r: r["ticker"])
    assert read(BarFile(parquet(tmp_path, by_ticker))) == expected(found)
    csv = tmp_path / "bars.csv"
    table = pa.Table.from_pylist(found)
    pv.write_csv(table, csv)
    assert read(BarFile(csv)) == expected(found)


def test_days_are_cut_and_ts_is_a_name_too(tmp_path: Path) -> None:
    found = rows(20, "AAA")
    named = [{"ts" if k == "timestamp" else k: v for k, v in r.items()} for r in found]
    file = parquet(tmp_path, named)
    first, last = OPEN + timedelta(minutes=5), OPEN + timedelta(minutes=9)
    assert read(BarFile(file, "1m", first, last)) == expected(found[5:9])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"high": 0.5}, "OUTSIDE_RANGE"),
        ({"open": float("nan")}, "MALFORMED"),
        ({"close": -1.0}, "MALFORMED"),
        ({"ticker": "lower"}, "MALFORMED"),
        ({"volume": -5}, "MALFORMED"),
        ({"close": 10.00001}, "PRECISION"),
    ],
)
def test_a_bad_row_is_counted_and_named(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    found = rows(4, "AAA")
    found[2].update(changes)
    file = BarFile(parquet(tmp_path, found))
    assert read(file) == expected([found[0], found[1], found[3]])
    assert file.refused == {reason: 1}
    assert file.first_refused.startswith(reason)


def test_what_is_no_file_of_bars_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputUnusable, match="name another"):
        read(BarFile(tmp_path / "nothing.parquet"))
    without = [{k: v for k, v in r.items() if k != "volume"} for r in rows(2, "AAA")]
    with pytest.raises(InputUnusable, match="its columns must be timestamp"):
        read(BarFile(parquet(tmp_path, without)))
    naive = [{**r, "timestamp": r["timestamp"].replace(tzinfo=None)} for r in rows(2, "AAA")]
    with pytest.raises(InputUnusable, match="with a zone"):
        read(BarFile(parquet(tmp_path, naive)))


def test_units_are_those_of_messages() -> None:
    prices = np.array([0.0001, 258.64, 0.1 + 0.2, 9_999_999.9999])
    units = np.rint(prices * 10_000).astype(np.int64).tolist()
    assert units == [round(p * 10_000) for p in prices.tolist()]
