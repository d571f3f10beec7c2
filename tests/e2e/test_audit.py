"""The auditor finds what is amiss: each fault is planted in a good run, named, and taken back."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from connectors.kafka.layout import create_topics
from connectors.runs import Run
from messages.topics import EVERY_TOPIC
from messages.units import MINUTE_US, to_micros
from stack.audit.auditor import Auditor
from stack.audit.topic_reader import read_topics
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.e2e.story import OPEN, bar_row, headline, write
from tests.harness import command_at, options, play

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def good(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    bars = [bar_row(m, 200.0) for m in range(40)]
    news = [headline(10.5, "Apple soars after record profit, upgrade", "AAPL")]
    files = write(tmp_path_factory.mktemp("audit"), bars, news)
    late = to_micros(OPEN) + 35 * MINUTE_US
    asked = [(late, {"kind": "pause"}), (late + MINUTE_US, {"kind": "resume"})]
    demo, summary = play(services, options(*files), before=lambda d: command_at(d, *asked))
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["orders"] == 1
    return demo


def problem(run: Run) -> str | None:
    auditor = Auditor(run)
    try:
        return auditor.examine().problem
    finally:
        auditor.close()


def copied(run: Run) -> Run:
    """Copy a run's topics, record by record, under another prefix; its database is the same.

    Seals are good for the topics that they were made for: the copy goes by headers alone.
    """
    prefix = f"{run.prefix}{uuid.uuid4().hex[:8]}."
    copy = msgspec.structs.replace(run, prefix=prefix, secret="")
    create_topics(copy.layout, EVERY_TOPIC)
    settings = run.layout.access.settings()
    consumer, producer = Consumer({**settings, "group.id": "copy"}), Producer(settings)
    left: dict[tuple[str, int], int] = {}
    for topic in EVERY_TOPIC:
        for p in run.layout.partitions_of(topic):
            at = TopicPartition(run.layout.name(topic), p)
            left[run.layout.name(topic), p] = consumer.get_watermark_offsets(at, timeout=60)[1]
    consumer.assign([TopicPartition(name, p, 0) for name, p in left])
    while any(left.values()):
        for record in consumer.consume(1_000, 0.05):
            name, p = record.topic() or "", record.partition() or 0
            left[name, p] -= 1
            producer.produce(
                copy.prefix + name.removeprefix(run.prefix), record.value(), record.key(), p,
                headers=record.headers(),
            )  # fmt: skip
    consumer.close()
    assert producer.flush(60) == 0
    return copy


@pytest.fixture
def database(good: Demo) -> Iterator[psycopg.Connection]:
    with psycopg.connect(good.run.database_url, autocommit=True) as connection:
        connection.execute(f"SET search_path TO {good.run.schema}".encode())
        yield connection


@pytest.mark.parametrize(
    ("plant", "undo", "found"),
    [
        (
            "UPDATE trades SET id = 'x' || id", "UPDATE trades SET id = substr(id, 2)",
            "trades differs from trades.executed: exe-",
        ),
        (
            "UPDATE signals SET id = 'x' || id", "UPDATE signals SET id = substr(id, 2)",
            "signals differs from signals.generated: sig-",
        ),
        (
            "UPDATE market_data SET id = 'x' || id WHERE revision = 0",
            "UPDATE market_data SET id = substr(id, 2)",
            "market_data differs from market.bars: bar-AAPL@",
        ),
        (
            "UPDATE positions SET qty = qty + 1", "UPDATE positions SET qty = qty - 1",
            "positions differ from executions",
        ),
        (
            "UPDATE portfolio_snapshots SET equity = equity + 0.0001",
            "UPDATE portfolio_snapshots SET equity = equity - 0.0001",
            "equity is 999",
        ),
    ],
)  # fmt: skip
def test_a_fault_in_the_database(
    good: Demo, database: psycopg.Connection, plant: str, undo: str, found: str
) -> None:
    database.execute(plant.encode())
    try:
        assert found in (problem(good.run) or "nothing")
    finally:
        database.execute(undo.encode())
    assert problem(good.run) is None


def test_a_row_that_was_never_played(good: Demo, tmp_path: Path) -> None:
    bars = [bar_row(m, 200.0) for m in range(41)]
    news = [headline(10.5, "Apple soars after record profit, upgrade", "AAPL")]
    more, _ = write(tmp_path, bars, news)
    run = msgspec.structs.replace(good.run, bars=str(more))
    assert problem(run) == (
        "input row is neither a bar nor a dead letter: row 40 bar-AAPL@2025-03-12T14:10:00Z/1m#0"
    )


@pytest.mark.parametrize(
    ("topic", "change", "found"),
    [
        ("trades.executed", {"id": "exe-2", "status": "FILLED"}, "order ended 2 times: ord-"),
        ("orders.requested", {"id": "ord-2"}, "accepted decision has 2 orders: dec-"),
        ("trade.decisions", {"id": "dec-2"}, "signal has 2 decisions: sig-"),
        ("signals.generated", {"id": "sig-2"}, "signal has 0 decisions: sig-2"),
        ("news.raw", {"id": "art-2"}, "article was not scored: art-2"),
        ("trading.states", {"old": "PAUSED"}, "the state before was ACTIVE: tst-"),
        ("trading.states", {"id": "tst-2"}, "its state was said 2 times: cmd-0"),
        ("trading.states", {"new": "HALTED"}, "a state that its command does not want: tst-"),
        ("trading.states", {"cause": "flattened"}, "nobody flattened: tst-"),
    ],
)
def test_a_fault_in_a_topic(good: Demo, topic: str, change: dict[str, Any], found: str) -> None:
    """Each fault is planted in a copy of the topics: what is written to a topic stays in it."""
    run = copied(good.run)
    assert problem(run) is None
    (first, *_) = read_topics(run.layout, [topic])[topic]
    producer = Producer(run.layout.access.settings())
    producer.produce(run.prefix + topic, msgspec.json.encode(first.body | change), b"k", 0)
    assert producer.flush(60) == 0
    assert found in (problem(run) or "nothing")
