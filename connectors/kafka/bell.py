"""The bell: rings when anything but time is written to some topics.

Readers give a record out once the clock of every topic they read has passed it. Whoever passes time
on listens here: it ticks at once when something waits for it, and seldom while nothing does.
"""

import threading
from collections.abc import Sequence
from typing import Final

from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from connectors.kafka.headers import TICK
from connectors.kafka.layout import Layout
from messages.base import Message
from messages.topics import BROKER_EVENTS, NEWS_SCORED, RAW, Topic

# What comes from outside, and what models and brokers say: all else follows from records of these.
LISTENED: Final[tuple[Topic[Message], ...]] = (*RAW, NEWS_SCORED, BROKER_EVENTS)
LISTEN_S: Final = 0.5
BATCH: Final = 1_000


class Bell:
    """Counts rings; those who wait are woken by each."""

    def __init__(self) -> None:
        """Be silent."""
        self._rung = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        """Return how often it has rung."""
        return self._count

    def ring(self) -> None:
        """Ring: something waits for time to pass."""
        with self._rung:
            self._count += 1
            self._rung.notify_all()

    def wait(self, heard: int, seconds: float) -> int:
        """Wait for a ring beyond those heard, though not longer; returns the count."""
        with self._rung:
            if self._count == heard:
                self._rung.wait(seconds)
            return self._count


def listen(layout: Layout, topics: Sequence[Topic[Message]] = LISTENED) -> Bell:
    """Return a bell that rings for the facts of some topics from now on, by a daemon thread."""
    bell = Bell()
    threading.Thread(
        target=_listen, args=(layout, topics, bell), name="bell", daemon=True
    ).start()  # fmt: skip
    return bell


def _listen(layout: Layout, topics: Sequence[Topic[Message]], bell: Bell) -> None:
    consumer = Consumer(
        layout.access.settings(
            {
                "group.id": f"{layout.prefix}bell",
                "enable.auto.commit": False,
                "auto.offset.reset": "latest",
                "fetch.wait.max.ms": int(LISTEN_S * 1_000),
                "queued.max.messages.kbytes": 1_024,
                "allow.auto.create.topics": False,
                "log_level": 2,
            }
        )
    )
    consumer.assign(
        [
            TopicPartition(layout.name(topic), p, OFFSET_END)
            for topic in topics
            for p in layout.partitions_of(topic)
        ]
    )
    while True:
        # An error is the broker's being away: what was missed meanwhile waits for the next beat.
        first = consumer.poll(LISTEN_S)
        if first is None:
            continue
        for record in (first, *consumer.consume(BATCH, 0)):
            if record.error() is None and TICK not in dict(record.headers() or ()):
                bell.ring()
                break
