"""Splits: found between sessions only, told by their ratio, refused or taken out."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.market.bar_file import BarFile
from flows.backtest.run import Inputs, find_splits, run_backtest
from flows.backtest.splits import SplitFound
from messages.units import to_datetime
from operators.params import Params

FIRST = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)


def write(tmp_path: Path, closes: list[float], gap_at: int) -> Path:
    """Write bars of one ticker; the second day begins at `gap_at`."""
    found: list[dict[str, Any]] = []
    for n, close in enumerate(closes):
        start = FIRST + timedelta(minutes=n if n < gap_at else n - gap_at, days=n >= gap_at)
        found.append({"ticker": "AAA", "ts": start, "open": close, "high": close, "low": close,
                      "close": close, "volume": 1_000})  # fmt: skip
    pq.write_table(pa.Table.from_pylist(found), tmp_path / "bars.parquet")
    return tmp_path / "bars.parquet"


@pytest.mark.parametrize(
    ("before", "after", "ratio"),
    [(100.0, 10.1, 10), (100.0, 49.0, 2), (10.0, 98.0, 0.1), (90.0, 60.5, 1.5)],
)
def test_a_gap_near_a_usual_ratio_is_a_split(
    tmp_path: Path, before: float, after: float, ratio: float
) -> None:
    file = BarFile(write(tmp_path, [before] * 3 + [after] * 3, 3))
    with pytest.raises(SplitFound, match=r"AAA goes from .* as in a split of"):
        find_splits(Inputs(file))
    (split,) = find_splits(Inputs(file, splits="adjust"))
    assert split.ratio == pytest.approx(ratio)


def test_small_gaps_and_jumps_within_a_session_are_no_splits(tmp_path: Path) -> None:
    file = BarFile(write(tmp_path, [100.0, 40.0, 100.0, 75.0, 150.0, 75.0], 3))
    assert find_splits(Inputs(file)) == []


def test_a_gap_near_nothing_is_never_taken_out(tmp_path: Path) -> None:
    file = BarFile(write(tmp_path, [100.0] * 3 + [1.2] * 3, 3))
    with pytest.raises(SplitFound, match="near no usual split"):
        find_splits(Inputs(file, splits="adjust"))


def test_taken_out_a_split_is_no_loss(tmp_path: Path) -> None:
    file = BarFile(write(tmp_path, [100.0] * 3 + [10.0] * 3, 3))
    ran = run_backtest(Inputs(file, splits="adjust"), Params(), {})
    assert ran.worth == {"AAA": (100_000, 100_000)}
    kept = run_backtest(Inputs(file, splits="keep"), Params(), {})
    assert kept.worth == {"AAA": (1_000_000, 100_000)}


@pytest.mark.recorded
def test_the_splits_of_two_recorded_years(recorded: Path) -> None:
    file = BarFile(recorded / "bars/daily_yahoo_to_2026-03.parquet", "1d")
    found = [
        (f"{to_datetime(s.stamp):%F}", s.ratio) for s in find_splits(Inputs(file, splits="adjust"))
    ]
    assert found == [
        ("2024-04-15", 0.1), ("2024-06-10", 10.0), ("2024-07-15", 10.0), ("2024-10-01", 10.0),
        ("2026-03-05", 0.05),
    ]  # fmt: skip
