"""Files of bars as columns and rows: streamed, sorted, cut, refused."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

from connectors.market import bar_tables
from connectors.market.bar_file import BarFile
from connectors.market.bar_rows import bar_rows
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
    monkeypatch.setattr(bar_tables, "BATCH", 7)
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
        ({"low": 200.0}, "HIGH_BELOW_LOW"),
        ({"high": 5.0}, "OUTSIDE_RANGE"),
        ({"open": float("nan")}, "MALFORMED"),
        ({"open": None}, "MALFORMED"),
        ({"close": -1.0}, "MALFORMED"),
        ({"low": 0.00001}, "MALFORMED"),
        ({"ticker": "lower"}, "MALFORMED"),
        ({"ticker": None}, "MALFORMED"),
        ({"volume": -5}, "MALFORMED"),
        ({"volume": None}, "MALFORMED"),
        ({"timestamp": None}, "MALFORMED"),
        ({"timestamp": datetime(1950, 3, 1, 14, tzinfo=UTC)}, "OUT_OF_CALENDAR"),
        ({"timestamp": datetime(2150, 3, 1, 14, tzinfo=UTC)}, "OUT_OF_CALENDAR"),
    ],
)
def test_a_bad_row_is_counted_and_named(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    found = rows(4, "AAA")
    found[2].update(changes)
    file = BarFile(parquet(tmp_path, found))
    assert read(file) == expected([found[0], found[1], found[3]])
    survey = file.survey()
    assert (survey.refused, survey.rows) == ({reason: 1}, 3)
    assert survey.first_refused.startswith(f"{reason}, ")
    played = [row for row in bar_rows(file.file)(0) if row.refusal]
    assert [(row.refusal or ("",))[0] for row in played] == [reason]


def test_prices_and_volumes_are_rounded_and_counted(tmp_path: Path) -> None:
    found = rows(4, "AAA")
    found[1].update(open=10.150001525878906, close=12.00004)
    found = [{**row, "volume": row["volume"] + (0.75 if n == 2 else 0.0)}
             for n, row in enumerate(found)]  # fmt: skip
    file = BarFile(parquet(tmp_path, found))
    got = read(file)
    assert got[1][2:4] == (101_500, 120_000)
    assert got[2][4] == 103
    survey = file.survey()
    assert (survey.rounded, survey.whole, survey.refused) == (1, 1, {})
    assert [(row.values or {})["open"] for row in bar_rows(file.file)(0)][1] == 10.15


def test_a_row_without_a_time_costs_no_other(tmp_path: Path) -> None:
    """It must neither hide that a file is out of order nor turn good bars into late ones."""
    found = rows(30, "AAA", "BBB")
    turned = [*found[40:], {**found[7], "timestamp": None}, *found[:40]]
    file = BarFile(parquet(tmp_path, turned))
    assert read(file) == expected(found)
    assert file.survey().refused == {"MALFORMED": 1}


@pytest.mark.parametrize("kind", ["dictionary", "large", "float32", "decimal", "seconds"])
def test_any_column_type_says_the_same(tmp_path: Path, kind: str) -> None:
    found = rows(6, "AAA", "BBB")
    table = pa.Table.from_pylist(found)

    def put(name: str, column: Any) -> pa.Table:
        return table.set_column(table.column_names.index(name), name, column)

    if kind == "dictionary":
        table = put("ticker", table["ticker"].dictionary_encode())
    elif kind == "large":
        table = put("ticker", table["ticker"].cast(pa.large_string()))
    elif kind == "float32":
        table = put("close", table["close"].cast(pa.float32()))
    elif kind == "decimal":
        table = put("open", table["open"].cast(pa.decimal128(20, 4)))
    else:
        table = put("timestamp", table["timestamp"].cast(pa.timestamp("s", "America/New_York")))
    pq.write_table(table, tmp_path / "typed.parquet")
    assert read(BarFile(tmp_path / "typed.parquet")) == expected(found)


def test_a_bad_cell_of_a_csv_file_costs_its_row(tmp_path: Path) -> None:
    """Whole numbers as 100000.0, words among numbers, a missing cell, a time without a zone."""
    found = rows(8, "AAA")
    lines = ["ticker,timestamp,open,high,low,close,volume"]
    lines += [
        f"{r['ticker']},{r['timestamp'].isoformat()},{r['open']},{r['high']},{r['low']},"
        f"{r['close']},{r['volume']}.0"
        for r in found
    ]
    lines[2] = lines[2].replace("11.0", "eleven", 1)
    lines[4] = lines[4].replace("+00:00", "")
    lines[6] += ",more"
    lines[7] = lines[7].replace("99.0", "")
    csv = tmp_path / "bars.csv"
    csv.write_text("\n".join(lines) + "\n")
    file = BarFile(csv)
    assert read(file) == expected([r for n, r in enumerate(found) if n in {0, 2, 4, 7}])
    assert file.survey().refused == {"MALFORMED": 3, "NAIVE_TIME": 1}
    played = list(bar_rows(file.file)(0))
    assert sum(row.refusal is not None for row in played) == 4
    assert len(played) == 8


def test_bytes_that_are_no_text_cost_their_row(tmp_path: Path) -> None:
    found = rows(3, "AAA")
    lines = [b"ticker,timestamp,open,high,low,close,volume"]
    lines += [
        f"{r['ticker']},{r['timestamp'].isoformat()},{r['open']},{r['high']},{r['low']},"
        f"{r['close']},{r['volume']}".encode()
        for r in found
    ]
    lines[2] = lines[2].replace(b"AAA", b"AA\xff")
    (tmp_path / "bars.csv").write_bytes(b"\n".join(lines) + b"\n")
    file = BarFile(tmp_path / "bars.csv", "1m")
    assert read(file) == expected([found[0], found[2]])
    assert file.survey().refused == {"MALFORMED": 1}


@pytest.mark.parametrize(
    ("name", "column", "words"),
    [
        ("open", [True, False], "open holds bool, not numbers"),
        ("close", [[1.0], [1.0]], "close holds list<.*, not numbers"),
        ("volume", [OPEN, OPEN], "volume holds timestamp.*, not numbers"),
        ("ticker", [1, 2], "ticker holds int64, not text"),
        ("ticker", [{"a": 1}, {"a": 2}], "ticker holds struct<.*, not text"),
    ],
)
def test_a_column_of_another_type_is_named(
    tmp_path: Path, name: str, column: list[Any], words: str
) -> None:
    table = pa.Table.from_pylist(rows(2, "AAA"))
    place = table.column_names.index(name)
    pq.write_table(table.set_column(place, name, pa.array(column)), tmp_path / "bars.parquet")
    with pytest.raises(InputUnusable, match=words):
        BarFile(tmp_path / "bars.parquet").survey()


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(rows(2, "AAA"))
    pq.write_table(table.append_column("open", table["close"]), tmp_path / "bars.parquet")
    with pytest.raises(InputUnusable, match="more than one column open"):
        BarFile(tmp_path / "bars.parquet").survey()


def test_a_name_that_is_no_text_is_read(tmp_path: Path) -> None:
    found = rows(3, "AAA")
    file = tmp_path / os.fsdecode(b"caf\xe9.parquet")
    parquet(tmp_path, found).rename(file)
    assert read(BarFile(file)) == expected(found)


def test_what_is_no_file_of_bars_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputUnusable, match="name another"):
        read(BarFile(tmp_path / "nothing.parquet"))
    without = [{k: v for k, v in r.items() if k != "volume"} for r in rows(2, "AAA")]
    with pytest.raises(InputUnusable, match="its columns must be timestamp"):
        read(BarFile(parquet(tmp_path, without)))
    naive = [{**r, "timestamp": r["timestamp"].replace(tzinfo=None)} for r in rows(2, "AAA")]
    with pytest.raises(InputUnusable, match="with a zone"):
        read(BarFile(parquet(tmp_path, naive)))
    with pytest.raises(InputUnusable, match=r"no row that is a bar; refused: MALFORMED 6 "):
        read(BarFile(parquet(tmp_path, rows(3, "aaa", "bbb"))))


def test_units_are_those_of_messages() -> None:
    prices = np.array([0.0001, 258.64, 0.1 + 0.2, 9_999_999.9999])
    units = np.rint(prices * 10_000).astype(np.int64).tolist()
    assert units == [round(p * 10_000) for p in prices.tolist()]
