"""Small files of bars that are traded, read once for the room's tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.market.bar_file import BarFile
from flows.backtest.run import Inputs, Ran, run_backtest
from operators.params import Params, RiskParams, equal_weights

FIRST = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)
SESSIONS = ("2025-03-12", "2025-03-13", "2025-03-14", "2025-03-17")
Rows = list[dict[str, Any]]


def bars(minutes: int = 150, tickers: tuple[str, ...] = ("AAA", "BBB", "SPY")) -> Rows:
    """Return four sessions of prices that run up and down, so that strategies trade."""
    found: Rows = []
    for name in SESSIONS:
        day = datetime.fromisoformat(f"{name}T13:30:00+00:00")
        for m in range(minutes):
            for n, ticker in enumerate(tickers):
                wave = (m + 7 * n) % 40
                close = round(100 + 10 * n + 0.25 * min(wave, 40 - wave), 2)
                found.append(
                    {"ticker": ticker, "ts": day + timedelta(minutes=m), "open": close,
                     "high": close, "low": close, "close": close,
                     "volume": 1_000_000 + 500_000 * (wave in (0, 20))}
                )  # fmt: skip
    return found


def write(file: Path, rows: Rows) -> BarFile:
    pq.write_table(pa.Table.from_pylist(rows), file)
    return BarFile(file, "1m")


EAGER = Params(risk=RiskParams(cooldown_minutes=1, off=("MAX_PARTICIPATION",)))


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> BarFile:
    return write(tmp_path_factory.mktemp("bars") / "bars.parquet", bars())


@pytest.fixture(scope="session")
def ran(played: BarFile) -> Ran:
    """Run one backtest that trades on every one of its four sessions."""
    return run_backtest(Inputs(played), EAGER, equal_weights())


@pytest.fixture
def backtest(tmp_path: Path) -> Callable[..., Ran]:
    """Return what runs a backtest of some rows."""

    def run(rows: Rows, params: Params = EAGER, **inputs: Any) -> Ran:
        file = write(tmp_path / "bars.parquet", rows)
        return run_backtest(Inputs(file, **inputs), params, equal_weights())

    return run
