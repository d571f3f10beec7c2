"""Trimming: Kafka forgets what is archived and older than a week, and never anything else.

Topics have no time limit of their own (`retention.ms` is -1): time alone would delete what the
archive lacks when the archive falls behind.
"""

import time
from collections.abc import Collection
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.kafka.layout import ADMIN_TIMEOUT_S, Layout

KEEP_MS: Final = 7 * 24 * 3600 * 1000


class Trimmer:
    """Trims the topics of one run."""

    def __init__(self, layout: Layout, keep_ms: int = KEEP_MS, never: Collection[str] = ()) -> None:
        """Remember what to keep, and which topics to leave alone; connects when called."""
        self._never = never
        self._layout = layout
        self._keep_ms = keep_ms

    def __call__(self, topic: str, archived_to: dict[int, int]) -> None:
        """Delete records of a topic that are both archived and old enough.

        Args:
            topic: without the run's prefix.
            archived_to: partition -> the first offset that the archive lacks.

        A broker that does not answer is asked again after the next day.
        """
        if topic in self._never:
            return
        name = self._layout.prefix + topic
        settings = self._layout.access.settings({"log_level": 2})
        consumer = Consumer({**settings, "group.id": f"{self._layout.prefix}trim"})
        try:
            oldest_kept = int(time.time() * 1000) - self._keep_ms
            asked = [TopicPartition(name, p, oldest_kept) for p in archived_to]
            to = []
            for place in consumer.offsets_for_times(asked, timeout=ADMIN_TIMEOUT_S):
                if place.error is not None:
                    continue  # a broker that comes back says -1 then, as it does of old topics
                first, end = consumer.get_watermark_offsets(
                    TopicPartition(name, place.partition), timeout=ADMIN_TIMEOUT_S
                )
                young = end if place.offset < 0 else place.offset
                upto = min(young, archived_to[place.partition])
                at = TopicPartition(name, place.partition, upto)
                if upto > first and _is_older(consumer, at, oldest_kept):
                    to.append(at)
            if to:
                admin = AdminClient(settings)  # named: its futures die with it
                futures = admin.delete_records(to, request_timeout=ADMIN_TIMEOUT_S)
                for future in futures.values():
                    future.result(ADMIN_TIMEOUT_S)
        except (KafkaException, TimeoutError):
            return
        finally:
            consumer.close()


def _is_older(consumer: Consumer, upto: TopicPartition, oldest_kept: int) -> bool:
    """Tell whether the last record before an offset was written before a time, by looking at it.

    What is deleted is gone: no answer about a whole partition is enough to go by.
    """
    consumer.assign([TopicPartition(upto.topic, upto.partition, upto.offset - 1)])
    record = consumer.poll(ADMIN_TIMEOUT_S)
    if record is None or record.error() is not None:
        return False
    return int(record.timestamp()[1]) < oldest_kept
