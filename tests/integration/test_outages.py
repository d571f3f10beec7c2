"""Servers that go away in the middle of a run: flows wait and go on, the result is the same."""

import time
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from connectors.kafka.layout import Layout, create_topics
from messages.topics import MARKET_BARS, partition_of
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.conftest import services_of
from tests.harness import options, play

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(400)]


class Outage:
    """Takes the database away, then the broker, once the run has begun, and brings both back."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.began = 0.0
        self.stage = 0

    def __call__(self, demo: Demo) -> None:
        if self.stage == 0 and demo.run.path("recovery", "persist").exists():
            self.began = time.monotonic()
            self.services.database.stop("immediate")
            self.stage = 1
        age = time.monotonic() - self.began
        if self.stage == 1 and age > 2:
            self.services.broker.kill()
            self.stage = 2
        elif self.stage == 2 and age > 4:
            self.services.broker.start()
            self.stage = 3
        elif self.stage == 3 and age > 6:
            self.services.database.start()
            self.stage = 4


def test_a_database_crash_and_a_broker_crash_change_nothing(
    calm_day: tuple[Demo, dict[str, Any]], tmp_path: Path
) -> None:
    _, calm = calm_day
    with services_of(tmp_path / "home") as services:
        outage = Outage(services)
        _, stormy = play(services, options(), meddle=outage)
    assert outage.stage == 4
    assert stormy["accounted"], stormy.get("first_unaccounted")
    assert (stormy["digest"], stormy["equity"]) == (calm["digest"], calm["equity"])
    assert stormy["rows"] == calm["rows"]


def test_an_outside_producer_with_default_settings_meets_our_partitions(layout: Layout) -> None:
    create_topics(layout, [MARKET_BARS])
    producer = Producer(layout.access.settings())
    found: dict[bytes, int] = {}

    def delivered(error: object, record: object) -> None:
        assert error is None
        found[record.key()] = record.partition()  # type: ignore[attr-defined]  # a confluent_kafka.Message

    for n in range(40):
        producer.produce(layout.name(MARKET_BARS), b"x", f"T{n}".encode(), on_delivery=delivered)
    assert producer.flush(60) == 0
    assert found == {k: partition_of(k, layout.partitions) for k in found}
    assert len(found) == 40
