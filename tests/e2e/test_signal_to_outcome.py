"""Signal -> decision -> order -> execution -> outcome, on the real services."""

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from connectors.settings import Settings
from operators.params import FillParams
from stack.audit.topic_reader import TopicRecord, read_topics
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.e2e.story import bar_row, headline, write
from tests.harness import options, play

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(400)]

GOOD = "Apple soars after record profit, analysts upgrade"
BAD = "Apple plunges on fraud probe, downgrade, lawsuit and recall"
TOPICS = (
    "news.raw", "news.scored", "market.bars", "strategy.weights", "signals.generated",
    "trade.decisions", "orders.requested", "trades.executed", "positions", "learning.outcomes",
)  # fmt: skip


@pytest.fixture(scope="module")
def told(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A good headline at 13:40:30, ten dollars up, bad headlines from 14:10:30 on."""
    bars = [bar_row(m, 200.0 if m < 20 else 210.0) for m in range(90)]
    news = [headline(10.5, GOOD, "AAPL")]
    news += [headline(40.5 + n / 10, f"{BAD} {n * 'again '}", "AAPL") for n in range(12)]
    files = write(tmp_path_factory.mktemp("story"), bars, news)
    fills = FillParams(slippage_bps=0, commission_per_share=100)
    settings = Settings(fills=fills)
    demo, summary = play(services, options(*files, shards=2), settings=settings)
    assert summary["accounted"], summary.get("first_unaccounted")
    return demo


@pytest.fixture(scope="module")
def log(told: Demo) -> dict[str, list[TopicRecord]]:
    return read_topics(told.run.layout, TOPICS)


def bodies(log: dict[str, list[TopicRecord]], topic: str) -> list[dict[str, Any]]:
    return [r.body for r in log[topic]]


def test_the_entry_waits_for_the_next_bar(log: dict[str, list[TopicRecord]]) -> None:
    entry, *_ = bodies(log, "trades.executed")
    order, *_ = bodies(log, "orders.requested")
    assert order["event_time"] == "2025-03-12T13:40:30Z"
    assert entry["timestamp"] == "2025-03-12T13:41:00Z"
    # 5 % of 1,000,000 at 200.02 with a cent a share for either side
    assert (entry["side"], entry["qty"], entry["price"]) == ("BUY", 249, 200.0)


def test_the_round_trip_is_judged(log: dict[str, list[TopicRecord]]) -> None:
    outcome, *_ = bodies(log, "learning.outcomes")
    sold = next(e for e in bodies(log, "trades.executed") if e["side"] == "SELL")
    # 249 x 10 dollars, less a cent a share on each side
    assert Decimal(sold["pnl"]) == Decimal(outcome["realized_pnl"]) == Decimal("2485.0200")
    assert outcome["roi"] == pytest.approx(2485.02 / 49_800)
    assert outcome["risk_adjusted_return"] == pytest.approx(2485.02 / 1_494)
    assert outcome["hold_seconds"] > 0
    shares = {c["strategy"]: Decimal(c["pnl"]) for c in outcome["credits"]}
    assert sum(shares.values()) == Decimal("2485.0200")
    assert outcome["strategy"] == "news_driven"


def test_every_cause_exists_and_is_not_later_than_its_effect(
    log: dict[str, list[TopicRecord]],
) -> None:
    stamps = {r.body["id"]: r.stamp for reads in log.values() for r in reads}
    checked = 0
    for topic in TOPICS[4:]:
        for read in log[topic]:
            for cause in read.body["causes"]:
                assert stamps[cause] <= read.stamp, (topic, read.body["id"], cause)
                checked += 1
    assert checked > 20


def test_the_database_holds_the_trade(told: Demo) -> None:
    with psycopg.connect(told.run.database_url) as connection:
        connection.execute(f"SET search_path TO {told.run.schema}".encode())
        orders = connection.execute("SELECT DISTINCT status FROM orders").fetchall()
        held = connection.execute("SELECT ticker, qty FROM positions WHERE qty <> 0").fetchall()
        pnl = connection.execute(
            "SELECT realized_pnl FROM trade_outcomes ORDER BY stamp"
        ).fetchall()
    assert orders == [("FILLED",)]
    assert held == []
    assert pnl[0] == (Decimal("2485.0200"),)
