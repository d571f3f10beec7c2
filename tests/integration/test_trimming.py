"""Trimming while the broker goes away: what is young stays, whatever the broker says meanwhile."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from connectors.kafka.layout import Layout, create_topics
from connectors.kafka.trimming import KEEP_MS, Trimmer
from messages.topics import MARKET_BARS
from stack.servers.services import Services
from tests.conftest import services_of
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]
COUNT = 50


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Services]:
    """Run a broker of the test's own, that it may kill."""
    with services_of(tmp_path / "home") as running:
        yield running


def filled(layout: Layout, age_ms: int = 0) -> None:
    """Write records of an age to every partition of the bars."""
    create_topics(layout, [MARKET_BARS])
    producer = Producer(layout.access.settings())
    stamp = int(time.time() * 1000) - age_ms
    for n in range(COUNT * layout.partitions):
        p = n % layout.partitions
        producer.produce(layout.name(MARKET_BARS), b"x", b"k", p, timestamp=stamp)
    assert producer.flush(60) == 0


def oldest(layout: Layout) -> set[int]:
    """Return the first offsets that the broker still has."""
    consumer = Consumer(layout.access.settings({"group.id": "test"}))
    places = [TopicPartition(layout.name(MARKET_BARS), p) for p in range(layout.partitions)]
    found = {int(consumer.get_watermark_offsets(at, timeout=60)[0]) for at in places}
    consumer.close()
    return found


def test_a_broker_that_restarts_makes_nothing_old(own: Services) -> None:
    """It answers with an error for some partitions while it comes back."""
    layout = Layout(own.access, "run", "trim.", 32)
    filled(layout)
    archived = dict.fromkeys(range(layout.partitions), COUNT)
    over, rounds = threading.Event(), [0]

    def trim() -> None:
        while not over.is_set():
            Trimmer(layout)(MARKET_BARS.name, archived)
            rounds[0] += 1

    threads = [threading.Thread(target=trim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        own.broker.kill()
        own.broker.start()
        before = rounds[0]
        eventually(lambda seen=before: rounds[0] > seen + 8)  # type: ignore[misc]  # of this round
    over.set()
    for thread in threads:
        thread.join()
    assert oldest(layout) == {0}


@pytest.mark.parametrize(
    ("age_ms", "archived", "first"),
    [
        (KEEP_MS + 60_000, COUNT, COUNT),
        (KEEP_MS + 60_000, 7, 7),
        (KEEP_MS + 60_000, 0, 0),
        (KEEP_MS - 600_000, COUNT, 0),
        (0, COUNT, 0),
    ],
)
def test_only_what_is_archived_and_old_goes(
    layout: Layout, age_ms: int, archived: int, first: int
) -> None:
    filled(layout, age_ms)
    Trimmer(layout, never=("other",))(MARKET_BARS.name, {0: archived, 1: archived})
    assert oldest(layout) == {first}
    Trimmer(layout, keep_ms=0, never=(MARKET_BARS.name,))(MARKET_BARS.name, {0: COUNT, 1: COUNT})
    assert oldest(layout) == {first}
