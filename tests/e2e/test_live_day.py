"""A live day on a moved clock, sixty times as fast: half a session, two crashes, the close."""

import json
import random
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from confluent_kafka import Producer

from connectors.archive.reading import ArchivedRun
from connectors.market.calendar import session_day
from connectors.runs import load_run
from messages.topics import MARKET_BARS, NEWS_RAW
from tests.e2e.test_market_away import market_of
from tests.e2e.test_outsiders import tidewire_status
from tests.live_stack import LiveStack
from tests.moved_clock import MovedClock
from tests.outside import outsider
from tests.waiting import eventually

pytestmark = [
    pytest.mark.first, pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(900),
]  # fmt: skip
MINUTE: Final = timedelta(minutes=1)
OPEN: Final = datetime(2025, 11, 28, 14, 30, tzinfo=UTC)  # the day after Thanksgiving
CLOSE: Final = datetime(2025, 11, 28, 18, 0, tzinfo=UTC)
TICKERS: Final = ("AAPL", "MSFT", "NVDA", "TSLA")
RATE: Final = 60.0
LATE: Final = timedelta(seconds=10)  # a sixth of a second, in which a feed is so late
KILLED_AT: Final = (OPEN + 40 * MINUTE - timedelta(seconds=3), OPEN + 121 * MINUTE)


def bars() -> Iterator[tuple[datetime, list[dict[str, Any]]]]:
    """Give (end, bars of all tickers) minute by minute."""
    draw, last = random.Random(28), dict.fromkeys(TICKERS, 100.0)
    start = OPEN
    while start < CLOSE:
        rows = []
        for ticker in TICKERS:
            opening = last[ticker]
            close = round(opening * (1 + draw.gauss(0, 0.004)), 2)
            last[ticker] = close
            rows.append(
                {
                    "id": f"bar-{ticker}-{start:%H%M}", "ticker": ticker, "interval": "1m",
                    "event_time": (start + MINUTE).isoformat(), "start": start.isoformat(),
                    "open": opening, "high": round(max(opening, close) + 0.05, 2),
                    "low": round(min(opening, close) - 0.05, 2), "close": close,
                    "volume": 2_000_000,
                    "source": "test",
                }
            )  # fmt: skip
        start += MINUTE
        yield start, rows


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveStack]:
    """Bring a live stack up ten minutes before the open."""
    clock = MovedClock(OPEN - 10 * MINUTE)
    stack = LiveStack(tmp_path / "home", clock, TIDEWIRE_RISK__COOLDOWN_MINUTES="5")
    code, said = stack.tidewire("up")
    assert code == 0, said
    yield stack
    stack.down()


def trade_the_day(live: LiveStack, there: dict[str, Any]) -> int:
    """Send each bar when it is over, and kill market twice; returns how many were sent."""
    producer = Producer({**outsider(there).settings(), "linger.ms": 0})
    kills = list(KILLED_AT)
    sent = 0
    for n, (end, rows) in enumerate(bars()):
        live.wait_until(end + LATE)
        if n % 5 == 4:
            article = headline(n // 5, end)
            producer.produce(
                there["prefix"] + NEWS_RAW.name, json.dumps(article).encode(), article["id"]
            )
        for row in rows:
            producer.produce(
                there["prefix"] + MARKET_BARS.name, json.dumps(row).encode(), row["ticker"]
            )
            sent += 1
        assert producer.flush(60) == 0
        if kills and end + MINUTE > kills[0]:
            live.wait_until(kills.pop(0))
            victim = market_of(there)
            if victim is not None:
                victim.send_signal(signal.SIGKILL)
    return sent


def headline(n: int, end: datetime) -> dict[str, Any]:
    """Return an article of the moment, good or bad by turns, ticker by ticker."""
    ticker, good = TICKERS[n % 4], n % 3 != 2
    title = f"{ticker} soars after record profit" if good else f"{ticker} plunges on fraud probe"
    url = f"https://news.example/{n}"
    return {
        "id": f"art-{n}", "event_time": end.isoformat(), "source": "test", "url": url,
        "title": title, "symbols": [ticker], "published_at": end.isoformat(),
        "fetched_at": end.isoformat(), "content_hash": sha256((url + title).encode()).hexdigest(),
    }  # fmt: skip


def jump_for_a_moment(live: LiveStack, there: dict[str, Any]) -> None:
    """Put the wall clock an hour forward until it is noticed: by flows that have read it before."""

    def begun() -> bool:
        return all(flow["clock"] for flow in live.flows())

    eventually(begun, what=live.flows, step=0.3)
    live.clock.jump(3_600)

    def held_off() -> bool:
        logs = Path(there["directory"], "logs")
        told = [(logs / f"{flow}.log").read_text() for flow in ("market", "news")]
        return all("the wall clock jumped by +3600.0 s: held off" in text for text in told)

    eventually(held_off, what="the jump is held off")
    live.clock.jump(-3_600)


def logs_of(there: dict[str, Any]) -> dict[str, list[str]]:
    """Return what each flow logged but for the usual."""
    return {
        file.stem: [li for li in file.read_text().splitlines() if '"INFO"' not in li][-12:]
        for file in sorted(Path(there["directory"], "logs").glob("*.log"))
    }


def test_a_live_day_is_its_backtest(live: LiveStack) -> None:
    there = json.loads(tidewire_status(live.env))
    jump_for_a_moment(live, there)
    live.clock.run(RATE)
    sent = trade_the_day(live, there)
    live.wait_until(CLOSE + 5 * MINUTE)
    live.clock.run(1)

    def all_closed() -> bool:
        return all(
            f["state"] == "running" and f["clock"] > f"{CLOSE:%F 18:01}" for f in live.flows()
        )

    eventually(all_closed, what=live.flows, step=0.3)
    restarts = {f["flow"]: f["restarts"] for f in live.flows() if f["restarts"]}
    assert live.tidewire("down")[0] == 0
    archive = ArchivedRun(Path(load_run(Path(there["directory"])).archive))
    assert restarts.pop("market") == 1 + len(KILLED_AT)
    # Each began again when the clock was set back.
    assert set(restarts.values()) == {1}, (restarts, logs_of(there))
    rows = [row for row, _ in archive.messages(MARKET_BARS)]
    assert len(rows) == sent == 4 * 210
    assert {session_day(row.stamp) for row in rows} == {f"{OPEN:%F}"}
    assert list(archive.facts(MARKET_BARS.dead_letters.name)) == []
    code, said = live.tidewire("replay", "--verify")
    assert (code, said.count("certified"), said.count("\n")) == (0, 1, 1), said
    code, said = live.tidewire("replay", "--against-backtest")
    assert code == 0, said
    executions = re.search(r"2025-11-28: (\d+) executions, all as in a backtest", said)
    assert executions is not None, said
    assert int(executions[1]) >= 6
