"""An entry flow that is killed at any moment lets every row in exactly once, repeats included."""

import random
import signal
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from connectors.kafka.access import Access
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.e2e.story import bar_row, headline, write
from tests.harness import options, play, tables

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]


class KillMarket:
    """Kills flows/market five times, each time a little further."""

    def __init__(self, access: Access) -> None:
        self.consumer = Consumer(access.settings({"group.id": "killer"}))
        self.random = random.Random(1)
        self.next, self.kills = 500, 0

    def __call__(self, demo: Demo) -> None:
        name = demo.run.prefix + "market.bars"
        end = self.consumer.get_watermark_offsets(TopicPartition(name, 0), timeout=60)[1]
        process = demo.supervisor.children["market"].process
        if process is not None and end >= self.next and self.kills < 5:
            process.kill()
            self.kills += process.wait() == -signal.SIGKILL
            self.next = end + self.random.randint(1, 4_000)


def test_repeated_rows_stay_repeated_as_often_as_they_were(
    services: Services, tmp_path: Path
) -> None:
    bars: list[dict[str, Any]] = []
    for minute in range(380):
        for n in range(30):
            bars += [bar_row(minute, 100.0 + n, f"T{n}")] * (2 if n % 7 == 0 else 1)
    files = write(tmp_path, bars, [headline(1, "Nothing happens", "T1")])
    _, calm = play(services, options(*files))
    killer = KillMarket(services.access)
    stormy, summary = play(services, options(*files, pace=4_000), meddle=killer)
    assert killer.kills >= 2
    assert summary["restarts"] == killer.kills
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["bars"] == calm["bars"] == len(bars)
    assert summary["dead_letters"] == calm["dead_letters"] == 380 * 5
    assert summary["digest"] == calm["digest"]
    assert len(tables(stormy)["market_data"]) == 380 * 30
