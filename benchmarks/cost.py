"""Where the operators' time goes: CPU nanoseconds per bar, operator by operator.

The closed loop of flows/chain, with a clock around each step. `python -m benchmarks.cost FILE`
prints one JSON line.
"""

import json
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.job_v1 import BLOCK, load, weights
from connectors.garbage import settle_memory
from flows.backtest.options import JOB_V1
from flows.closed_loop import ClosedLoop
from messages.units import MINUTE_US
from operators.blocks import Block, Event, Operator
from operators.merge import cut
from operators.states import State
from operators.strategies.technical import TickerRows, step_bars
from operators.trading.sessions import SessionTable


class Timed:
    """An operator with a clock around its step."""

    def __init__(self, name: str, inner: Operator, spent: Counter[str]) -> None:
        """Add to `spent[name]`, nanoseconds of CPU."""
        self._name, self._inner, self._spent = name, inner, spent

    def step(self, block: Block) -> Block:
        """Step and count."""
        began = time.process_time_ns()
        out = self._inner.step(block)
        self._spent[self._name] += time.process_time_ns() - began
        return out

    def snapshot(self) -> State:
        """Return the operator's own snapshot."""
        return self._inner.snapshot()


def by_operator(events: list[Event]) -> dict[str, float]:
    """Return nanoseconds per bar of each operator and of the whole loop."""
    loop, spent = ClosedLoop(JOB_V1, SessionTable((), ())), Counter[str]()
    loop.wrap(lambda name, inner: Timed(name, inner, spent))
    began = time.process_time_ns()
    every = weights(events[0].stamp - MINUTE_US) + events
    for block in cut(every, BLOCK, events[-1].stamp + 1, ended=True):
        loop.step(block)
    whole = time.process_time_ns() - began
    parts = {name: round(ns / len(events), 1) for name, ns in spent.items()}
    rest = (whole - sum(spent.values())) / len(events)
    return parts | {"merging": round(rest, 1), "whole": round(whole / len(events), 1)}


def compiled_step(bars: int = 400_000, tickers: int = 50) -> float:
    """Return nanoseconds per bar of the compiled recurrences alone, arrays in, arrays out."""
    rng = np.random.default_rng(1)
    rows, code = TickerRows(20), np.tile(np.arange(tickers), bars // tickers)
    for n in range(tickers):
        rows.row(f"T{n}")
    close = rng.integers(1_000_000, 1_010_000, bars)
    volume = rng.integers(1, 100_000, bars)
    out = np.empty(bars), np.empty(bars)
    arguments = (
        rows.state,
        rows.closes,
        rows.volumes,
        rows.averages,
        20,
        0.002,
        14,
        30.0,
        70.0,
        15.0,
    )
    step_bars(code[:100], close[:100], volume[:100], *arguments, *out)
    began = time.process_time_ns()
    step_bars(code, close, volume, *arguments, *out)
    return round((time.process_time_ns() - began) / bars, 1)


def main() -> None:
    """Measure on the file named on the command line."""
    events = load(Path(sys.argv[1]))
    settle_memory()
    compiled = compiled_step()
    sys.stdout.write(json.dumps(by_operator(events) | {"compiled step": compiled}) + "\n")


if __name__ == "__main__":
    main()
