"""What a writer finds in its own partitions beyond its last snapshot."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Record

from connectors.kafka.headers import TICK_END, Seal, read_headers
from connectors.kafka.layout import Layout
from messages.topics import RAW

READ_WAIT_S: Final = 0.05


class WrittenRecord(NamedTuple):
    """A record of ours that the log holds: where, its seq, its message's id, its bytes."""

    offset: int
    seq: int
    id: str
    value: bytes


@dataclass(slots=True)
class Written:
    """The records of one partition after an offset, and where time and seq stood at its end."""

    next_offset: int
    seq: int = -1
    stamp: int = -1
    ended: bool = False
    records: deque[WrittenRecord] = field(default_factory=deque)


class _Identified(msgspec.Struct):
    id: str


def read_written(
    layout: Layout, starts: dict[tuple[str, int], tuple[int, int]]
) -> dict[tuple[str, int], Written]:
    """Read each partition from an offset to its present end.

    Called once when a sink opens. What strangers wrote into them is passed over. A record with a
    repeated seq (a late arrival of a dead producer) counts once.

    Args:
        layout: of the run.
        starts: (topic's full name, partition) -> the offset to begin at, and the last seq before.

    Raises:
        KafkaException: the broker refuses; a broker that is away is waited for.
    """
    seals = {layout.name(topic): layout.seal(topic) for topic in RAW}
    found = {at: Written(offset, seq) for at, (offset, seq) in starts.items()}
    consumer = Consumer(
        layout.access.settings(
            {
                "group.id": f"{layout.prefix}writer",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 10,
                "allow.auto.create.topics": False,
            }
        )
    )
    consumer.assign([TopicPartition(name, p, offset) for (name, p), (offset, _) in starts.items()])
    open_ends = set(starts)
    while open_ends:
        for record in consumer.consume(2_000, READ_WAIT_S):
            at = (record.topic() or "", record.partition() or 0)
            error = record.error()
            if error is None:
                _note(found[at], record, layout.run_id.encode(), seals.get(at[0]))
            elif error.code() == KafkaError._PARTITION_EOF:
                open_ends.discard(at)
            elif not error.retriable() and error.code() != KafkaError._ALL_BROKERS_DOWN:
                raise KafkaException(error)
    consumer.close()
    return found


def _note(written: Written, record: Record, run: bytes, seal: Seal | None) -> None:
    stamp, seq, tick = read_headers(record, run, seal)
    written.next_offset = (record.offset() or 0) + 1
    if tick is not None:
        written.stamp = max(written.stamp, stamp)
        written.ended = written.ended or tick == TICK_END
    elif seq is not None and seq > written.seq:
        written.seq, written.stamp = seq, max(written.stamp, stamp)
        value = record.value() or b""
        id_ = msgspec.json.decode(value, type=_Identified).id
        written.records.append(WrittenRecord(record.offset() or 0, seq, id_, value))
