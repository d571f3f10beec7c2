"""The raw log as it lies in its topics: ticks, repeats and unreadable records included.

What the archive keeps and the database is filled from. Nothing is ordered across partitions;
each record says where it was and what it is to its partition.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from bytewax.inputs import FixedPartitionedSource
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka import Message as Record

from connectors.kafka.arrivals import Arrival, Arrivals
from connectors.kafka.headers import Seal
from connectors.kafka.layout import Layout
from connectors.kafka.partition_reader import read_body
from connectors.kafka.source import BATCH, LAG_EVERY_S, PATIENCE_S, is_record, lag_of
from connectors.steady_source import SteadyPartition
from connectors.telemetry import READ, VITALS
from messages.base import Message
from messages.codec import decoder
from messages.flows import FEEDBACK
from messages.topics import Topic
from operators.merge import Clock, Progress
from operators.states import State, decode_state, encode_state

Headers = list[tuple[str, bytes | None]]
SHARD: Final = "all"
AHEAD: Final = frozenset(t.name for t in FEEDBACK)  # their time is not that of the log


class LogRecord(NamedTuple):
    """One record of one partition.

    Attributes:
        topic: without the run's prefix.
        appended_ms: Kafka's own timestamp; when the broker or the producer wrote it, for
            retention and latency only.
        stamp: effective, microseconds.
        tick: the tick header; such a record has no body.
        repeat: its `seq` was there before; every reader drops it.
        body: the message, a dead letter if it cannot be read, None for ticks and repeats.
    """

    topic: str
    partition: int
    offset: int
    appended_ms: int
    stamp: int
    seq: int | None
    tick: bytes | None
    repeat: bool
    key: bytes | None
    value: bytes | None
    headers: Headers
    body: Message | None


class ReadState(State):
    """How far the raw log was read: topic -> partition -> (progress, whether it has ended)."""

    partitions: dict[str, dict[int, tuple[Progress, bool]]]


class Batch(NamedTuple):
    """Some records, and where each topic's slowest partition stands after them."""

    records: list[LogRecord]
    clocks: dict[str, int]


class _Partition:
    """One partition: its clock, and where to read on."""

    def __init__(
        self, topic: Topic[Message], run: bytes, seal: Seal | None, at: Progress, ended: bool
    ) -> None:
        self.topic = topic
        self.decode = decoder(topic.schema)
        self.clock = Clock(at, ended=ended)
        self.arrivals = Arrivals(run, seal, self.clock)
        self.offset = at.offset
        self.stamp = at.stamp

    def read(self, partition: int, record: Record) -> Iterator[LogRecord]:
        """Take the next record; gives those whose stamps are known now."""
        for known in self.arrivals.read(record):
            record = known.record
            self.offset, self.stamp = (record.offset() or 0) + 1, known.stamp
            plain = known.tick is None and not known.repeat
            yield LogRecord(
                self.topic.name,
                partition,
                record.offset() or 0,
                record.timestamp()[1],
                known.stamp,
                known.seq,
                known.tick,
                known.repeat,
                record.key(),
                record.value(),
                list(record.headers() or []),  # type: ignore[arg-type]  # likewise
                self._body(partition, known) if plain else None,
            )

    def _body(self, partition: int, known: Arrival) -> Message:
        offset, value = known.record.offset() or 0, known.record.value() or b""
        ours = known.seq is not None
        return read_body(self.topic, self.decode, partition, offset, value, known.stamp, ours=ours)


class RawLogPartition(SteadyPartition[tuple[str, Batch], bytes]):
    """One consumer over every partition of some topics."""

    def __init__(
        self,
        layout: Layout,
        topics: Sequence[Topic[Message]],
        resume: bytes | None,
        stopping: Callable[[], bool],
    ) -> None:
        """Start at the snapshot, or at the oldest record there is."""
        self._stopping = stopping
        run = layout.run_id.encode()
        known = {} if resume is None else decode_state(resume, ReadState).partitions
        start = (Progress(), False)
        self._partitions = {
            (layout.name(t), p): _Partition(
                t, run, layout.seal(t), *known.get(t.name, {}).get(p, start)
            )
            for t in topics
            for p in layout.partitions_of(t)
        }
        self._consumer = Consumer(
            layout.access.settings(
                {
                    "group.id": f"{layout.prefix}archive",
                    "enable.auto.commit": False,
                    "auto.offset.reset": "error",
                    "fetch.wait.max.ms": 500,
                    "fetch.error.backoff.ms": 50,
                    "queued.max.messages.kbytes": 16_384,
                    "allow.auto.create.topics": False,
                }
            )
        )
        self._consumer.assign(
            [
                TopicPartition(name, p, partition_.offset if known else OFFSET_BEGINNING)
                for (name, p), partition_ in self._partitions.items()
            ]
        )
        self._told_end = False
        self._lag_at = 0.0

    def next_batch(self) -> list[tuple[str, Batch]]:
        """Return what is there; stops when every partition has ended."""
        if self._told_end or self._stopping():
            raise StopIteration
        records: list[LogRecord] = []
        first = self._consumer.poll(PATIENCE_S)
        if first is not None:
            for record in (first, *self._consumer.consume(BATCH, 0)):
                self._read(record, records)
        self._told_end = all(partition_.clock.ended for partition_ in self._partitions.values())
        self._tell(records)
        if not records and not self._told_end:
            return []
        return [(SHARD, Batch(records, self._clocks()))]

    def snapshot(self) -> bytes:
        """Return the encoded `ReadState`."""
        partitions: dict[str, dict[int, tuple[Progress, bool]]] = {}
        for (_, p), partition_ in self._partitions.items():
            position = Progress(partition_.offset, partition_.stamp, partition_.clock.seq)
            partitions.setdefault(partition_.topic.name, {})[p] = (position, partition_.clock.ended)
        return encode_state(ReadState(partitions=partitions))

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _read(self, record: Record, into: list[LogRecord]) -> None:
        if not is_record(record):
            return
        partition = record.partition() or 0
        partition_ = self._partitions[record.topic() or "", partition]
        if not partition_.clock.ended:
            into.extend(partition_.read(partition, record))

    def _tell(self, records: list[LogRecord]) -> None:
        if records:
            now = [r.stamp for r in records if r.topic not in AHEAD]
            VITALS.clock = max([VITALS.clock, *now])
            for name, count in Counter(r.topic for r in records if r.tick is None).items():
                READ.add(count, {"topic": name})
        if time.monotonic() >= self._lag_at:
            self._lag_at = time.monotonic() + LAG_EVERY_S
            VITALS.lag = lag_of(self._consumer, [TopicPartition(n, p) for n, p in self._partitions])
        if self._told_end:
            VITALS.lag = 0  # what strangers write behind the end is nobody's

    def _clocks(self) -> dict[str, int]:
        clocks: dict[str, int] = {}
        for partition_ in self._partitions.values():
            name = partition_.topic.name
            clocks[name] = min(clocks.get(name, partition_.clock.now), partition_.clock.now)
        return clocks


class RawLogSource(FixedPartitionedSource[tuple[str, Batch], bytes]):
    """Every partition of some topics, read by one consumer."""

    def __init__(
        self, layout: Layout, topics: Sequence[Topic[Message]], stopping: Callable[[], bool]
    ) -> None:
        """Name the topics; nothing is opened here."""
        self._layout = layout
        self._topics = topics
        self._stopping = stopping

    def list_parts(self) -> list[str]:
        """Return the one shard."""
        return [SHARD]

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> RawLogPartition:
        """Open it at its snapshot."""
        return RawLogPartition(self._layout, self._topics, resume_state, self._stopping)
