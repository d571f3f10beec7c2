"""The same step live: one bar of one ticker through every operator, decode excluded.

`python -m benchmarks.latency FILE` prints one JSON line: microseconds at the 50th and the 99th
percentile, over messages (as the flows run) and over columns (as backtests run).
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.job_v1 import load, weights
from connectors.garbage import settle_memory
from connectors.market.calendar import new_york_sessions
from flows.backtest.options import JOB_V1, JOB_WEIGHTS
from flows.closed_loop import ClosedLoop
from messages.market import Bar
from messages.units import MINUTE_US, to_micros, to_units
from operators.blocks import Block, Event
from operators.columns.bars import BarColumns
from operators.columns.loop import ColumnLoop
from operators.trading.sessions import SessionTable

WARM = 5_000
BARS = 60_000


def percentiles(steps: list[Callable[[], None]]) -> tuple[float, float]:
    """Return the median and the 99th percentile of each step's time, microseconds."""
    settle_memory()
    spent = []
    for step in steps:
        began = time.perf_counter_ns()
        step()
        spent.append(time.perf_counter_ns() - began)
    p50, p99 = np.percentile(np.array(spent[WARM:]) / 1_000, (50, 99))
    return round(float(p50), 2), round(float(p99), 2)


def over_messages(events: list[Event]) -> tuple[float, float]:
    """Time the closed loop of messages, a bar at a time."""
    loop = ClosedLoop(JOB_V1, SessionTable((), ()))
    loop.step(Block(weights(events[0].stamp - MINUTE_US), events[0].stamp - 1))
    blocks = [Block([e], e.stamp) for e in events]

    def step(block: Block) -> Callable[[], None]:
        def advance() -> None:
            loop.step(block)

        return advance

    return percentiles([step(block) for block in blocks])


def over_columns(events: list[Event]) -> tuple[float, float]:
    """Time the columnar loop, a bar at a time."""
    loop = ColumnLoop(JOB_V1, new_york_sessions(), JOB_WEIGHTS)

    def step(bar: BarColumns) -> Callable[[], None]:
        def advance() -> None:
            for _ in loop.advance(bar):
                pass

        return advance

    return percentiles([step(_columns(loop, e)) for e in events])


def _columns(loop: ColumnLoop, event: Event) -> BarColumns:
    bar = event.body
    assert isinstance(bar, Bar)  # noqa: S101 - it narrows a type
    prices = [to_units(p) for p in (bar.open, bar.high, bar.low, bar.close)]
    values = (loop.row(bar.ticker), event.stamp, to_micros(bar.start), event.stamp, *prices,
              bar.volume)  # fmt: skip
    return BarColumns(*(np.array([v], np.int64) for v in values))


def main() -> None:
    """Measure on the file named on the command line."""
    events = load(Path(sys.argv[1]))[:BARS]
    found = dict(zip(("messages p50", "messages p99"), over_messages(events), strict=True)) | dict(
        zip(("columns p50", "columns p99"), over_columns(events), strict=True)
    )
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
