"""The benchmark's bars, from a seed: `python -m benchmarks.generate FILE --size medium`.

A geometric random walk of minute closes per ticker with overnight gaps, a U-shaped volume, all
prices in whole cents; times are in nanoseconds, as the peers expect. Draws are made in one fixed
order (starts, volume bases, moves, gaps, highs, lows, volumes), so a seed names one data set.
"""

import argparse
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MINUTES = 390
DAILY = 0.025
GAP = 0.01
OPEN_MINUTE = 14 * 60 + 30
HOLIDAY = date(2024, 1, 15)
SIZES = {"small": (5, 20), "medium": (50, 20), "large": (200, 20), "long": (50, 80)}
SEED = 20_240_102


def session_days(count: int) -> list[date]:
    """Return the first `count` weekdays from 2024-01-02, without the holiday."""
    day = date(2024, 1, 2)
    found: list[date] = []
    while len(found) < count:
        if day.weekday() < 5 and day != HOLIDAY:
            found.append(day)
        day += timedelta(days=1)
    return found


def generate(tickers: int, sessions: int, seed: int = SEED) -> pa.Table:
    """Return bars sorted by (ts, ticker): ts (UTC, start), ticker, OHLC in cents, volume."""
    rng = np.random.default_rng(seed)
    minutes, sigma = sessions * MINUTES, DAILY / np.sqrt(MINUTES)
    start = rng.uniform(20, 300, tickers)
    base = rng.uniform(2e3, 5e4, tickers)
    move = rng.normal(0, sigma, (minutes, tickers))
    gap = np.zeros((minutes, tickers))
    gap[MINUTES::MINUTES] = rng.normal(0, GAP, (sessions - 1, tickers))
    path = np.cumsum(move + gap, axis=0)
    close, opening = start * np.exp(path), start * np.exp(path - move)
    above = np.exp(np.abs(rng.normal(0, sigma / 2, (minutes, tickers))))
    below = np.exp(-np.abs(rng.normal(0, sigma / 2, (minutes, tickers))))
    high, low = np.maximum(opening, close) * above, np.minimum(opening, close) * below
    x = np.tile(np.arange(MINUTES) / (MINUTES - 1), sessions)[:, None]
    burst = rng.lognormal(0, 0.5, (minutes, tickers))
    volume = (base * (0.5 + 2 * (2 * x - 1) ** 2) * burst).astype(np.int64) + 1
    opening, close = np.round(opening, 2), np.round(close, 2)
    high = np.maximum(np.round(high, 2), np.maximum(opening, close))
    low = np.minimum(np.round(low, 2), np.minimum(opening, close))
    names = np.array([f"T{n:03d}" for n in range(tickers)])
    return pa.table(
        {
            "ts": pa.array(np.repeat(_starts(sessions), tickers), pa.timestamp("ns", "UTC")),
            "ticker": np.tile(names, minutes),
            "open": opening.ravel(),
            "high": high.ravel(),
            "low": low.ravel(),
            "close": close.ravel(),
            "volume": volume.ravel(),
        }
    )


def _starts(sessions: int) -> "np.ndarray[tuple[int], np.dtype[np.datetime64]]":
    first = np.timedelta64(OPEN_MINUTE, "m")
    offsets = np.arange(MINUTES) * np.timedelta64(60, "s")
    days = [np.datetime64(d, "ns") + first + offsets for d in session_days(sessions)]
    return np.concatenate(days)


def write(file: Path, size: str, seed: int = SEED) -> Path:
    """Write one size to a Parquet file unless it is there; returns its path."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".draft")
        pq.write_table(generate(*SIZES[size], seed), draft)
        draft.replace(file)
    return file


def main() -> None:
    """Write the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--size", choices=SIZES, default="medium")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    write(options.file, options.size, options.seed)


if __name__ == "__main__":
    main()
