"""Reads whole topics with a plain consumer and plain JSON: the auditor's own eyes."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from connectors.kafka.headers import read_headers
from connectors.kafka.layout import Layout
from messages.topics import RAW

READ_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class TopicRecord:
    """One record as it lies in a topic.

    Attributes:
        appended_ms: Kafka's own timestamp.
        ours: one of the run's writers wrote it.
    """

    partition: int
    offset: int
    stamp: int
    appended_ms: int
    ours: bool
    body: dict[str, Any]


def read_topics(layout: Layout, names: Collection[str]) -> dict[str, list[TopicRecord]]:
    """Return every record of some of a run's topics, by partition and offset.

    Ticks are left out, and repeats of a `seq`. What is written after the call is not waited
    for: a live topic never stands still.

    Raises:
        KafkaException: a topic does not exist, or the broker refuses.
    """
    consumer = Consumer(
        layout.access.settings(
            {"group.id": "tidewire-audit", "enable.auto.commit": False,
             "auto.offset.reset": "earliest", "log_level": 2}
        )
    )  # fmt: skip
    try:
        return _read(consumer, layout, names)
    finally:
        consumer.close()


def begun_late(layout: Layout, names: Collection[str]) -> list[str]:
    """Return which of a run's topics no longer hold their first records: they were archived.

    Raises:
        KafkaException: a topic does not exist, or the broker refuses.
    """
    consumer = Consumer(layout.access.settings({"group.id": "tidewire-audit", "log_level": 2}))
    try:
        there = consumer.list_topics(timeout=20).topics
        places = [TopicPartition(layout.prefix + n, p) for n in names
                  for p in there[layout.prefix + n].partitions]  # fmt: skip
        late = {at.topic for at in places if consumer.get_watermark_offsets(at, timeout=20)[0]}
        return sorted(name.removeprefix(layout.prefix) for name in late)
    finally:
        consumer.close()


def _read(
    consumer: Consumer, layout: Layout, names: Collection[str]
) -> dict[str, list[TopicRecord]]:
    prefix, run = layout.prefix, layout.run_id.encode()
    seals = {layout.name(t): layout.seal(t) for t in RAW}
    there = consumer.list_topics(timeout=20).topics
    places = [TopicPartition(prefix + n, p) for n in names for p in there[prefix + n].partitions]
    spans = {
        (at.topic, at.partition): consumer.get_watermark_offsets(at, timeout=20) for at in places
    }
    waiting = {at for at, (first, end) in spans.items() if end > first}
    consumer.assign([TopicPartition(n, p, spans[n, p][0]) for n, p in waiting])
    found: dict[str, list[TopicRecord]] = {n: [] for n in names}
    seen = dict.fromkeys(waiting, -1)
    while waiting:
        for record in consumer.consume(2_000, READ_S):
            at, offset = (record.topic() or "", record.partition() or 0), record.offset() or 0
            error = record.error()
            if error is not None:
                raise KafkaException(error)
            if offset + 1 >= spans[at][1]:
                waiting.discard(at)
            if offset >= spans[at][1]:
                continue
            stamp, seq, tick = read_headers(record, run, seals.get(at[0]))
            if tick is not None or (seq is not None and seq <= seen[at]):
                continue
            seen[at] = max(seen[at], -1 if seq is None else seq)
            body = _parse(record.value() or b"")
            name = at[0].removeprefix(prefix)
            appended, ours = record.timestamp()[1], seq is not None
            found[name].append(TopicRecord(at[1], offset, stamp, appended, ours, body))
    return {n: sorted(reads, key=lambda r: (r.partition, r.offset)) for n, reads in found.items()}


def _parse(value: bytes) -> dict[str, Any]:
    try:
        body = json.loads(value)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
