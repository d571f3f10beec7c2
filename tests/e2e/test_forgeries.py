"""Forgeries: records that claim to be the run's move no time, seq or end, and are not traded."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from connectors.archive.check import verify
from connectors.kafka.access import Access
from connectors.kafka.headers import RUN, SEAL, SEQ, STAMP, TICK, RecordHeaders
from messages.topics import CONTROL_COMMANDS, MARKET_BARS, NEWS_RAW, SIGNALS_GENERATED, Topic
from messages.units import to_micros
from stack.audit.topic_reader import read_topics
from stack.runtime.demo import Demo
from stack.servers.principals import API, OUTSIDE
from stack.servers.services import Services
from tests.e2e.story import OPEN, bar_row, headline, write
from tests.harness import options, play, proofs, tables

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
GOOD = "Apple soars after record profit, analysts upgrade"
FAR = to_micros(datetime(2030, 1, 1, tzinfo=UTC))
SHARDS = 2


def story(directory: Path) -> tuple[Path, Path]:
    bars = [bar_row(m, 100.0 + m % 7, ticker) for m in range(120) for ticker in ("AAPL", "MSFT")]
    return write(directory, bars, [headline(30, GOOD, "AAPL")])


def forged(run: str) -> list[list[tuple[str, Any]]]:
    """Return headers as the run's own writers make them, without its secret."""
    fact = RecordHeaders(run)(FAR, 10**9, "forged")
    ticks = [[(STAMP, b"%d" % FAR), (TICK, kind), (RUN, run.encode())] for kind in (b"1", b"end")]
    guessed = [[*headers, (SEAL, bytes(16))] for headers in (fact, *ticks)]
    early = [(STAMP, b"1"), (SEQ, b"0"), (RUN, run.encode())]
    return [fact, *ticks, *guessed, early]


class Forger:
    """Writes forgeries before the flows start, and copies of their records while they run."""

    def __init__(self, services: Services) -> None:
        self.ways = {
            MARKET_BARS: services.access_of(OUTSIDE), NEWS_RAW: services.access_of(OUTSIDE),
            CONTROL_COMMANDS: services.access_of(API),
        }  # fmt: skip
        self.flows = services.access
        self.made = Counter[str]()
        self.copied = 0

    def before(self, demo: Demo) -> None:
        """Claim to be the run on every topic that others may write."""
        for topic, access in self.ways.items():
            producer = Producer(access.settings())
            for partition in demo.run.layout.partitions_of(topic):
                for headers in forged(demo.run.run_id):
                    producer.produce(
                        demo.run.layout.name(topic), b"poison", b"AAPL", partition, headers=headers
                    )
                    self.made[topic.name] += 1
            assert producer.flush(60) == 0

    def meddle(self, demo: Demo) -> None:
        """Once the flows have written, write their records again: as they are, and elsewhere."""
        if self.copied:
            return
        records = [r for r in written(self.flows, demo, MARKET_BARS) if r.value() != b"poison"]
        facts = [r for r in records if r.value() is not None]
        if len(facts) < 20:
            return
        producer = Producer(self.ways[MARKET_BARS].settings())
        for record in records:
            for partition in range(SHARDS):
                own = partition == record.partition()
                value = record.value() if own else b"poison"
                self.made[MARKET_BARS.name] += not own
                producer.produce(
                    demo.run.layout.name(MARKET_BARS), value, record.key(), partition,
                    headers=record.headers(),
                )  # fmt: skip
        assert producer.flush(60) == 0
        self.copied = len(facts)


def written(access: Access, demo: Demo, topic: Topic[Any]) -> list[Any]:
    """Return what lies in a topic now."""
    consumer = Consumer(access.settings({"group.id": "forger", "fetch.wait.max.ms": 10}))
    found = []
    for partition in demo.run.layout.partitions_of(topic):
        at = TopicPartition(demo.run.layout.name(topic), partition, 0)
        end = consumer.get_watermark_offsets(at, timeout=60)[1]
        consumer.assign([at])
        taken = 0
        while taken < end:
            records = consumer.consume(500, 0.05)
            taken += len(records)
            found += records
    consumer.close()
    return found


def test_nothing_of_it_moves_the_run(services: Services, tmp_path: Path) -> None:
    files = story(tmp_path)
    plain, _ = play(services, options(*files, shards=SHARDS))
    forger = Forger(services)
    # At a pace: there is time to copy what has been written while more is to come.
    demo, summary = play(
        services, options(*files, shards=SHARDS, pace=60), before=forger.before,
        meddle=forger.meddle,
    )  # fmt: skip
    assert forger.copied
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["restarts"] == 0
    ours, theirs = tables(demo), tables(plain)
    assert ours["trades"]
    for name in theirs.keys() - {"dead_letters", "runs"}:
        assert ours[name] == theirs[name], name
    letters = {t: read_topics(demo.run.layout, [f"{t}.dlq"])[f"{t}.dlq"] for t in forger.made}
    for topic, count in forger.made.items():
        said = Counter(r.body["reason"] for r in letters[topic])
        assert said == {"MALFORMED": count}, topic  # what was copied whole is a repeat: dropped
    verify(Path(demo.run.archive))
    assert proofs(demo)


def test_a_signal_that_nobody_of_the_run_made_is_not_traded(
    services: Services, tmp_path: Path
) -> None:
    """At a broker that lets all write: the record lacks the run's header, or names another."""
    signal = {
        "id": "sig-forged", "event_time": OPEN.isoformat(), "ticker": "AAPL", "direction": "LONG",
        "strength": 1.0, "price": 100.0, "strategy_sources": [], "sentiment_score": None,
        "sentiment_at": None,
    }  # fmt: skip

    def forge(demo: Demo) -> None:
        producer = Producer(demo.run.layout.access.settings())
        name = demo.run.layout.name(SIGNALS_GENERATED)
        other = RecordHeaders("another-run")(to_micros(OPEN), 0, "x")
        for headers in ([], other):
            producer.produce(name, json.dumps(signal).encode(), b"AAPL", 0, headers=headers)  # type: ignore[arg-type]  # bytes
        assert producer.flush(60) == 0

    bars = [bar_row(m, 100.0) for m in range(30)]
    demo, summary = play(services, options(*write(tmp_path, bars, [])), before=forge)
    assert summary["accounted"], summary.get("first_unaccounted")
    found = read_topics(
        demo.run.layout, ["signals.generated.dlq", "trade.decisions", "orders.requested"]
    )
    assert [r.body["reason"] for r in found["signals.generated.dlq"]] == ["FORGED"] * 2
    assert found["trade.decisions"] == found["orders.requested"] == []
    assert proofs(demo), "a replay refuses it too"
