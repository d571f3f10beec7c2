"""The common job over messages, one object a bar: what the live operators take for it.

The columnar engine's figures come from `tidewire backtest --preset job-v1`; this is the closed
loop of flows/chain on the same bars. `python -m benchmarks.job_v1 FILE` prints one JSON line.
"""

import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.garbage import settle_memory
from flows.backtest.options import JOB_V1, JOB_WEIGHTS
from flows.closed_loop import ClosedLoop
from messages.learning import WeightChange
from messages.market import Bar
from messages.trading import Decision, TradeExecution
from messages.units import MINUTE_US, to_datetime, to_money
from operators.blocks import Event
from operators.merge import cut
from operators.trading.sessions import SessionTable

BLOCK = 4_096


def load(file: Path) -> list[Event]:
    """Read Parquet (`ts` or `timestamp`, then OHLCV) into bar events in (stamp, ticker) order."""
    table = pq.read_table(file)
    ts = "ts" if "ts" in table.column_names else "timestamp"
    starts = table[ts].cast(pa.timestamp("us", "UTC")).cast("int64").to_pylist()
    columns = [table[c].to_pylist() for c in ("ticker", "open", "high", "low", "close", "volume")]
    events: list[Event] = []
    for at, ticker, opening, high, low, close, volume in zip(starts, *columns, strict=True):
        start, end = to_datetime(at), to_datetime(at + MINUTE_US)
        bar = Bar(
            id=f"{ticker}{len(events)}", event_time=end, ticker=ticker, start=start, interval="1m",
            open=opening, high=high, low=low, close=close, volume=volume, source="job",
        )  # fmt: skip
        events.append(Event(at + MINUTE_US, ticker, bar))
    return events


def weights(stamp: int) -> list[Event]:
    """Return the job's weights as events."""
    at = to_datetime(stamp)
    return [
        Event(
            stamp,
            "",
            WeightChange(
                id=f"w-{name}", event_time=at, strategy=name, old=0.0, new=weight,
                effective_from=at, reason="job",
            ),
        )
        for name, weight in JOB_WEIGHTS.items()
    ]  # fmt: skip


def run(events: list[Event]) -> dict[str, object]:
    """Run the job over bars in memory; returns the job's figures without timings."""
    loop = ClosedLoop(JOB_V1, SessionTable((), ()))
    every = weights(events[0].stamp - MINUTE_US) + events
    codes: Counter[str] = Counter()
    fills = trades = stops = 0
    stopped: set[tuple[int, str]] = set()
    for block in cut(every, BLOCK, events[-1].stamp + 1, ended=True):
        for stamp, _, body in loop.step(block):
            if isinstance(body, TradeExecution):
                fills += 1
                trades += body.pnl is not None
            elif isinstance(body, Decision):
                if body.cause == "stop":
                    stops += 1
                    stopped.add((stamp, body.ticker))
                elif not body.accepted and (stamp, body.ticker) not in stopped:
                    # The job does not ask about a signal on the bar that stopped out.
                    codes[body.code] += 1
    account = loop.account
    return {
        "fills": fills,
        "closed_trades": trades,
        "final_equity": f"{to_money(account.equity):.2f}",
        "rejects": dict(sorted(codes.items())),
        "stops": stops,
        "open_positions": len(account.positions),
        "bars": len(events),
    }


def main() -> None:
    """Run the job on the file named on the command line and print one JSON line."""
    began = time.process_time()
    events = load(Path(sys.argv[1]))
    run(events[:1_000])  # compiled code is loaded from its cache outside the engine's time
    settle_memory()
    loaded, wall = time.process_time(), time.perf_counter()
    figures = run(events)
    engine, engine_s = time.process_time() - loaded, time.perf_counter() - wall
    figures |= {
        "engine_s": round(engine_s, 4),
        "engine_cpu_s": round(engine, 4),
        "load_cpu_s": round(loaded - began, 3),
        "total_cpu_s": round(time.process_time(), 2),
        "bars_cpu_s": round(len(events) / engine),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
