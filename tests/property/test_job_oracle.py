"""The common job: exact oracle on two sizes, and an independent implementation on other seeds."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.generate import generate, write
from benchmarks.job_v1 import load, run
from stack.cli import main

ORACLE = {
    "small": (728, 362, "1003044.03", 230, 0, 0, 4),
    "medium": (7_093, 3_542, "955625.29", 2_828, 407, 11, 9),
}


def figures(result: dict[str, Any]) -> tuple[object, ...]:
    rejects = result["rejects"]
    return (
        result["fills"], result["closed_trades"], result["final_equity"],
        rejects.get("COOLDOWN", 0), rejects.get("MAX_EXPOSURE", 0), result["stops"],
        result["open_positions"],
    )  # fmt: skip


def preset(file: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Run the job as people do, by the command line."""
    assert main(["backtest", "--preset", "job-v1", "--bars", str(file), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("size", ORACLE)
@pytest.mark.timeout(600)
def test_the_exact_oracle_is_hit(
    size: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / f"{size}.parquet", size)
    found = preset(file, capsys)
    assert figures(found) == ORACLE[size]
    assert found["bars"] / found["engine_cpu_s"] > 0
    assert found["rss_mb"] > 0
    if size == "small":  # the same job over messages, by the live operators
        assert figures(run(load(file))) == ORACLE[size]


@dataclass
class Held:
    """One ticker of the plain job: whole cents, no division in comparisons."""

    closes: list[int] = field(default_factory=list)
    volumes: list[int] = field(default_factory=list)
    gain: float = 0.0
    loss: float = 0.0
    qty: int = 0
    entry: int = 0
    last_exit: int = -(10**18)


def score(t: Held, close: int, volume: int) -> float:
    """Return the ensemble's score on this bar, straight from the job's words."""
    previous = list(t.closes)
    t.closes.append(close)
    t.volumes.append(volume)
    n, votes = len(t.closes), []
    if n >= 21:
        now, before = sum(t.closes[-20:]), sum(previous[-20:])
        strength = min(1.0, abs(close / (now / 20) - 1) / 0.002)
        if 20 * previous[-1] <= before and 20 * close > now:
            if 20 * volume > sum(t.volumes[-20:]):
                votes.append(strength)
        elif 20 * previous[-1] >= before and 20 * close < now:
            votes.append(-strength)
    if n >= 2:
        change = (close - previous[-1]) / 100
        up, down = max(change, 0.0), max(-change, 0.0)
        if n > 15:
            t.gain, t.loss = (t.gain * 13 + up) / 14, (t.loss * 13 + down) / 14
        else:
            t.gain, t.loss = t.gain + up, t.loss + down
            if n == 15:
                t.gain, t.loss = t.gain / 14, t.loss / 14
    if n >= 15:
        total = t.gain + t.loss
        rsi = 100.0 * t.gain / total if total > 0 else 50.0
        if rsi < 30:
            votes.append(min(1.0, (30 - rsi) / 15))
        elif rsi > 70:
            votes.append(-min(1.0, (rsi - 70) / 15))
    found = sum(0.5 * v for v in votes) / (0.5 * len(votes)) if votes else 0.0
    return found if abs(found) >= 0.3 else 0.0


def plain_job(table: pa.Table) -> tuple[object, ...]:
    """Run the whole job in integers; money in cents."""
    cash, fills, trades, cool, cap, stops = 100_000_000, 0, 0, 0, 0, 0
    tickers: dict[str, Held] = {}
    columns = [table[c].to_pylist() for c in ("ts", "ticker", "close", "volume")]
    for ts, name, price, volume in zip(*columns, strict=True):
        close, minute = round(price * 100), int(ts.timestamp()) // 60
        t = tickers.setdefault(name, Held())
        s = score(t, close, volume)
        if t.qty and (100 * close <= 97 * t.entry or s < 0):
            stops += 100 * close <= 97 * t.entry
            cash += t.qty * close - t.qty
            t.qty, t.last_exit, fills, trades = 0, minute, fills + 1, trades + 1
        elif not t.qty and s > 0:
            held = sum(x.qty * x.closes[-1] for x in tickers.values())
            equity, qty = cash + held, 5 * (cash + held) // (100 * close)
            if minute - t.last_exit < 30:
                cool += 1
            elif sum(1 for x in tickers.values() if x.qty) >= 20 or qty < 1:
                pass
            elif 100 * (held + qty * close) > 80 * equity:
                cap += 1
            else:
                cash -= qty * close + qty
                t.qty, t.entry, fills = qty, close, fills + 1
    equity = cash + sum(x.qty * x.closes[-1] for x in tickers.values())
    opened = sum(1 for x in tickers.values() if x.qty)
    return fills, trades, f"{equity / 100:.2f}", cool, cap, stops, opened


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_seeds_equal_an_independent_implementation(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = generate(30, 3, seed)
    file = tmp_path / "bars.parquet"
    pq.write_table(table, file)
    expected = plain_job(table)
    assert figures(run(load(file))) == expected
    assert figures(preset(file, capsys)) == expected
