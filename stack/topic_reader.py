"""Reads whole topics with a plain consumer and plain JSON: the auditor's own eyes."""

import json
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from connectors.kafka.lanes import read_headers

READ_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Read:
    """One record as it lies in a topic."""

    partition: int
    offset: int
    stamp: int
    body: dict[str, Any]


def read_topic(bootstrap: str, name: str, run: str) -> list[Read]:
    """Return every record of a topic by partition and offset; ticks and repeated seqs left out.

    Raises:
        KafkaException: the topic does not exist, or the broker refuses.
    """
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "tidewire-audit", "enable.auto.commit": False,
         "auto.offset.reset": "earliest", "enable.partition.eof": True, "log_level": 2}
    )  # fmt: skip
    metadata = consumer.list_topics(name, timeout=20).topics[name]
    if metadata.error is not None:
        raise KafkaException(metadata.error)
    partitions = list(metadata.partitions)
    consumer.assign([TopicPartition(name, p, 0) for p in partitions])
    records: list[Read] = []
    seen = dict.fromkeys(partitions, -1)
    waiting = set(partitions)
    while waiting:
        for record in consumer.consume(2_000, READ_S):
            partition = record.partition() or 0
            error = record.error()
            if error is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                waiting.discard(partition)
                continue
            stamp, seq, tick = read_headers(record, run.encode())
            if tick is not None or (seq is not None and seq <= seen[partition]):
                continue
            seen[partition] = max(seen[partition], -1 if seq is None else seq)
            body = _parse(record.value() or b"")
            records.append(Read(partition, record.offset() or 0, stamp, body))
    consumer.close()
    return sorted(records, key=lambda r: (r.partition, r.offset))


def _parse(value: bytes) -> dict[str, Any]:
    try:
        body = json.loads(value)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
