"""The watch: rates over five minutes, and what is amiss."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from api.live.delays import Delays
from api.vitals import FeedVitals, FlowVitals
from api.watch import Growth, Watch, alerts_of
from connectors.kafka.follower import FollowedRecord
from connectors.kafka.levels import Level
from connectors.storage.broker import BrokerNow, Drift
from messages.topics import NEWS_SCORED

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def watch_of(met: list[int]) -> tuple[Watch, Callable[[float], None]]:
    """Return a watch over one topic, and a hand that takes a sample at a second."""
    now = [0.0]
    left = iter(met)
    watch = Watch(lambda: {"news.raw": Level(7, NOON, next(left))}, lambda: now[0])

    def at(second: float) -> None:
        now[0] = second
        watch.sample()

    return watch, at


def test_a_rate_is_of_the_last_five_minutes() -> None:
    watch, at = watch_of([0, 30, 300, 900])
    assert watch.topics() == ()
    at(0)
    assert watch.topics() == [Growth("news.raw", 7, NOON, None, 0)]
    at(10)
    assert watch.topics() == [Growth("news.raw", 7, NOON, 3.0, 30)]
    at(300)
    assert watch.topics() == [Growth("news.raw", 7, NOON, 1.0, 300)]
    at(310)  # the first look is older than five minutes now
    assert watch.topics() == [Growth("news.raw", 7, NOON, 2.9, 870)]


def flow(**signs: Any) -> FlowVitals:
    return FlowVitals(**{"flow": "trade", "state": "running", "epoch_age_s": 1.0, **signs})


@pytest.mark.parametrize(
    ("vitals", "live", "code"),
    [
        (flow(), True, None),
        (flow(state="ended", epoch_age_s=900.0), True, None),
        (flow(state="restarting"), True, "FLOW_DOWN"),
        (flow(state="failed"), False, "FLOW_DOWN"),
        (flow(state="silent"), True, "FLOW_DOWN"),
        (flow(epoch_age_s=121.0), True, "FLOW_STUCK"),
        (flow(clock_age_s=121.0), True, "CLOCK_BEHIND"),
        (flow(clock_age_s=10.0**8), False, None),  # simulated time
    ],
)
def test_what_is_amiss_with_a_flow(vitals: FlowVitals, live: bool, code: str | None) -> None:
    found = alerts_of([vitals], [], [], live=live, tailing=True, stored=True)
    assert [(a.code, a.about) for a in found] == ([(code, "trade")] if code else [])


def test_the_worst_stands_first() -> None:
    feeds = [FeedVitals(feed="a", state="failing", detail="TIMEOUT"),
             FeedVitals(feed="b", state="healthy")]  # fmt: skip
    topics = [Growth("news.raw.dlq", 9, NOON, 0.1, 3), Growth("market.bars.dlq", 9, NOON, 0.0, 0),
              Growth("news.raw", 9, NOON, 9.0, 900)]  # fmt: skip
    found = alerts_of([flow(state="silent")], feeds, topics, live=True, tailing=False, stored=False)
    assert [(a.code, a.severity, a.about) for a in found] == [
        ("BROKER_AWAY", "critical", "broker"), ("DATABASE_AWAY", "critical", "database"),
        ("FLOW_DOWN", "critical", "trade"),
        ("FEED_FAILING", "warning", "a"), ("DEAD_LETTERS", "warning", "news.raw.dlq"),
    ]  # fmt: skip


def test_bars_that_do_not_come_are_an_alert() -> None:
    said = "no bars since 14:05 UTC: nothing can trade"
    found = alerts_of([], [], [], live=True, tailing=True, stored=True, silence=said)
    assert found == [("NO_BARS", "critical", "market.bars", said)]


DRIFTED = Drift(NOON, True, (("AAPL", Decimal(3), Decimal(15)),), "")


@pytest.mark.parametrize(
    ("signs", "code", "detail"),
    [
        ({}, None, ""),
        (
            {"readiness": "STREAM_DOWN", "why": "it hung up"},
            "BROKER_STREAM_DOWN",
            "Nothing is heard of orders: it hung up. Entries wait",
        ),
        ({"readiness": "NOT_RECONCILED"}, "BROKER_NOT_RECONCILED", "not accounted for yet"),
        (
            {"readiness": "NOT_RECONCILED", "drift": DRIFTED},
            "BROKER_DRIFT",
            "It holds 12 AAPL more than it told of. Entries wait",
        ),
        ({"drift": Drift(NOON, False, (), "")}, None, ""),
    ],
)
def test_what_is_amiss_with_a_broker(signs: dict[str, Any], code: str | None, detail: str) -> None:
    now = BrokerNow(**{
        "readiness": "READY", "since": NOON, "why": "", "reconciliation": None, "drift": None,
        "open_orders": 0, "unknown_orders": 0, "silent_orders": 0, **signs,
    })  # fmt: skip
    found = alerts_of([], [], [], live=True, tailing=True, stored=True, broker=("alpaca", now))
    assert [(a.code, a.about) for a in found] == ([(code, "alpaca")] if code else [])
    assert all(detail in a.detail for a in found)


def test_delays_are_of_the_newest_records_and_not_of_other_days() -> None:
    delays, body = Delays(), None
    assert delays.of("news.scored") is None
    for late in [*range(1, 301), -5, 10**9]:
        delays.take(FollowedRecord(NEWS_SCORED, 0, 1, 0, body, late))  # type: ignore[arg-type]
    assert delays.of("news.scored") == (201, 299)
