"""A live run whose `market` is away for a while: what came meanwhile has the broker's time."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from confluent_kafka import Producer

from connectors.runs import load_run
from messages.units import to_micros
from stack.audit.topic_reader import read_topics
from tests.e2e.test_outsiders import tidewire_status
from tests.outside import outsider
from tests.waiting import eventually, pause

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]
TICKERS = [f"T{n}" for n in range(8)]
AWAY_S = 6.0  # beyond any tolerance for a bar from the future


@pytest.fixture
def live(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Bring a live run up; returns what `status --json` says."""
    env = {**os.environ, "TIDEWIRE_HOME": str(tmp_path), "TIDEWIRE_RISK__OFF": "MARKET_CLOSED"}

    def tidewire(command: str) -> None:
        subprocess.run([sys.executable, "-m", "stack.cli", command], env=env, check=True,
                       capture_output=True)  # fmt: skip

    tidewire("up")
    try:
        yield {**json.loads(tidewire_status(env)), "env": env}
    finally:
        tidewire("down")


def market_of(there: dict[str, Any]) -> psutil.Process | None:
    """Return the process of flows/market; None while there is none."""
    for child in psutil.Process(there["pid"]).children():
        try:
            if child.cmdline()[3:5] == ["flow", "market"]:
                return child
        except psutil.Error:  # it has just died
            continue
    return None


def send(there: dict[str, Any], minute: int) -> None:
    """Append one bar of each ticker that ends now."""
    producer = Producer(outsider(there).settings())
    end = datetime.now(UTC)
    for n, ticker in enumerate(TICKERS):
        price = 100.0 + n + minute
        bar = {
            "id": f"bar-{ticker}-{minute}", "event_time": end.isoformat(), "ticker": ticker,
            "start": (end - timedelta(minutes=1)).isoformat(), "interval": "1m", "open": price,
            "high": price, "low": price, "close": price, "volume": 1_000_000, "source": "test",
        }  # fmt: skip
        producer.produce(there["prefix"] + "market.bars", json.dumps(bar).encode(), ticker)
    assert producer.flush(60) == 0


def moment(clock: str) -> int:
    found = datetime.fromisoformat(clock)
    return to_micros(found if found.tzinfo else found.replace(tzinfo=UTC))


def records(there: dict[str, Any], *names: str) -> dict[str, list[Any]]:
    return read_topics(load_run(Path(there["directory"])).layout, names)


def test_bars_that_come_while_market_is_away_are_good_bars(live: dict[str, Any]) -> None:
    market = market_of(live)
    assert market is not None
    market.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    while time.monotonic() - began < AWAY_S:
        pause(0.1)
    send(live, 1)
    market.kill()  # it never ticked again; its successor does

    def is_back() -> bool:
        found = market_of(live)
        return found is not None and found.pid != market.pid

    eventually(is_back, what="market is back", step=0.1)
    send(live, 2)

    def arrived() -> bool:
        return len(records(live, "market.bars")["market.bars"]) == 2 * len(TICKERS)

    eventually(arrived, what="the bars", step=0.2)

    last = max(r.stamp for r in records(live, "market.bars")["market.bars"])

    def refused() -> list[str]:
        found = records(live, "market.bars.dlq")["market.bars.dlq"]
        return [r.body["reason"] for r in found]

    def passed() -> bool:
        """Tell whether the flow that refuses bars has passed the last one."""
        rows = json.loads(tidewire_status(live["env"]))["flows"]
        clocks = [row["clock"] for row in rows if row["flow"].startswith("signals")]
        return all(c and moment(c) > last for c in clocks)

    eventually(passed, what=refused, step=0.3)
    assert refused() == []
    stamps = sorted(r.stamp for r in records(live, "market.bars")["market.bars"])
    assert stamps[0] < stamps[-1] <= time.time() * 1e6
