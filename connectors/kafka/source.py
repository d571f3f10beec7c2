"""The merged source: several topics, one order, the same in every run.

One Bytewax source partition owns one consumer over a shard's partitions of all its topics. It
gives out everything strictly below the smallest clock, sorted by (stamp, key, topic rank,
partition, offset), whole stamps only. Arrival, batch size and speed do not matter.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Record

from connectors.kafka.lanes import FOR_EVER, NEVER, Lane, Position, Waiting
from connectors.kafka.layout import Layout
from messages.base import Message
from messages.codec import decoder
from messages.topics import Topic
from operators.blocks import Block, Event

Reads = Mapping[Topic[Message], range]
Stopping = Callable[[], bool]
State = tuple[dict[tuple[str, int], Position], bool]

POLL_S: Final = 0.01
BATCH: Final = 2_000
HIGH_WATER: Final = 20_000
WAIT: Final = frozenset({KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE})


class LostLog(RuntimeError):
    """The log no longer holds the offset to resume from.

    Operator action: restore the topic from the archive, or remove the flow's recovery
    directory to rebuild it from the oldest record there is.
    """


class MergedPartition(StatefulSourcePartition[tuple[str, Block], State]):
    """One shard's ordered view of its topics."""

    def __init__(
        self, layout: Layout, shard: str, reads: Reads, ordered: bool, stopping: Stopping
    ) -> None:
        """Prepare; `open` starts reading at a position."""
        self._layout = layout
        self._shard = shard
        self._reads = reads
        self._ordered = ordered
        self._stopping = stopping
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._frontier = NEVER
        self._done = False

    def open(self, resume: State | None) -> "MergedPartition":
        """Start at the snapshot's position, or at the beginning of the log."""
        positions, self._done = resume or ({}, False)
        run = self._layout.run_id.encode()
        for rank, (topic, partitions) in enumerate(self._reads.items()):
            for p in partitions:
                name = self._layout.name(topic)
                at = positions.get((name, p), Position())
                self._lanes[name, p] = Lane(topic, p, rank, decoder(topic.schema), at, run)
        self._consumer = Consumer(
            {
                "bootstrap.servers": self._layout.bootstrap,
                "group.id": f"{self._layout.prefix}reader",
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 20,
                "fetch.error.backoff.ms": 50,
                "queued.max.messages.kbytes": 16_384,
                "allow.auto.create.topics": False,
            }
        )
        self._consumer.assign(
            [TopicPartition(n, p, lane.position.offset) for (n, p), lane in self._lanes.items()]
        )
        return self

    def next_batch(self) -> list[tuple[str, Block]]:
        """Read what is there and give out what no later record can precede."""
        if self._done or self._stopping():
            raise StopIteration
        self._fill()
        lanes = self._lanes.values()
        ended = all(lane.ended for lane in lanes)
        clock = max(lane.end for lane in lanes) if ended else min(lane.clock for lane in lanes)
        limit = clock if self._ordered and not ended else FOR_EVER
        taken: list[Waiting] = []
        for lane in lanes:
            lane.take(limit, taken)
        self._throttle(clock)
        if not taken and clock <= self._frontier and not ended:
            return []
        taken.sort()
        self._frontier, self._done = max(clock, self._frontier), ended
        events = [Event(w.stamp, w.key, w.body) for w in taken]
        return [(self._shard, Block(events, self._frontier, ended))]

    def snapshot(self) -> State:
        """Return (next offset, running maximum, last seq) per partition, and whether it ended."""
        return {at: lane.position for at, lane in self._lanes.items()}, self._done

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _fill(self) -> None:
        first = self._consumer.poll(POLL_S)
        if first is None:
            return
        self._read(first)
        for record in self._consumer.consume(BATCH, 0):
            self._read(record)

    def _read(self, record: Record) -> None:
        if (error := record.error()) is not None:
            if error.code() in WAIT:
                return
            if error.code() == KafkaError._AUTO_OFFSET_RESET:
                reason = f"{record.topic()}[{record.partition()}]: {error.str()}"
                raise LostLog(reason)
            raise KafkaException(error)
        self._lanes[record.topic() or "", record.partition() or 0].read(record)

    def _throttle(self, clock: int) -> None:
        """Bound memory: pause the lanes that are far ahead, never one that holds time back."""
        for (name, p), lane in self._lanes.items():
            waiting = len(lane.buffer)
            if not lane.paused and waiting > HIGH_WATER and lane.clock > clock:
                self._consumer.pause([TopicPartition(name, p)])
                lane.paused = True
            elif lane.paused and (waiting < HIGH_WATER // 2 or lane.clock <= clock):
                self._consumer.resume([TopicPartition(name, p)])
                lane.paused = False


class MergedSource(FixedPartitionedSource[tuple[str, Block], State]):
    """The shards a process runs, each with the partitions it reads.

    Attributes:
        shards: shard key -> topic -> partitions, topics in rank order.
        ordered: False gives records out as they arrive (for storage, where order is no matter).
    """

    def __init__(
        self,
        layout: Layout,
        shards: Mapping[str, Reads],
        stopping: Stopping,
        *,
        ordered: bool = True,
    ) -> None:
        """Name the shards; nothing is opened here."""
        self._layout = layout
        self._shards = shards
        self._stopping = stopping
        self._ordered = ordered

    def list_parts(self) -> list[str]:
        """Return the shard keys."""
        return sorted(self._shards)

    def build_part(
        self, step_id: str, for_part: str, resume_state: State | None
    ) -> MergedPartition:
        """Open one shard at its snapshot."""
        reads = self._shards[for_part]
        part = MergedPartition(self._layout, for_part, reads, self._ordered, self._stopping)
        return part.open(resume_state)


def shard_reads(topics: Sequence[Topic[Message]], shard: int) -> Reads:
    """Return partition `shard` of each topic: the reading of one shard of a sharded flow."""
    return {t: range(1) if t.single else range(shard, shard + 1) for t in topics}


def all_reads(layout: Layout, topics: Sequence[Topic[Message]]) -> Reads:
    """Return every partition of each topic: the reading of a flow with one shard."""
    return {t: layout.partitions_of(t) for t in topics}
