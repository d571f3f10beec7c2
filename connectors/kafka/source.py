"""The merged source: several topics, one order, the same in every run.

One Bytewax source partition owns one consumer over a shard's partitions of all its topics. It
gives out everything strictly below the smallest clock, sorted by (stamp, key, topic rank,
partition, offset), whole stamps only. Arrival, batch size and speed do not matter.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Record

from connectors.envelope import Barrier, Envelope
from connectors.kafka.layout import Layout
from connectors.kafka.partition_reader import FOR_EVER, NEVER, Lane, Position, Waiting
from connectors.telemetry import READ, VITALS
from messages.base import Message
from messages.codec import decoder
from messages.errors import TidewireError
from messages.topics import Topic
from messages.units import to_datetime
from operators.blocks import Block, Event
from operators.states import State, decode_state, encode_state

Reads = Mapping[Topic[Message], range]
Stopping = Callable[[], bool]
Boundary = Callable[[int], int | None]

log = logging.getLogger(__name__)
POLL_S: Final = 0.01
HELD_S: Final = 0.005
BATCH: Final = 2_000
HIGH_WATER: Final = 20_000
WAIT: Final = frozenset({KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE})


LAG_EVERY_S: Final = 1.0
NO_ORIGINS: Final[Mapping[str, Barrier]] = MappingProxyType({})


def no_boundary(_stamp: int) -> int | None:
    """Say that no state is to be kept."""
    return None


def not_held() -> bool:
    """Say that the flow can take more."""
    return False


class SourceState(State):
    """How far a shard was read.

    Attributes:
        positions: topic (without the run's prefix) -> partition -> how far it was given out.
        ended: the last block was given out.
        unkept: stamp of the first event since the last session boundary; NEVER if none.
    """

    positions: dict[str, dict[int, Position]]
    ended: bool
    unkept: int


class LostLog(TidewireError, RuntimeError):
    """The log no longer holds the offset to resume from.

    Operator action: restore the topic from the archive, or remove the flow's recovery
    directory to rebuild it from the oldest record there is.
    """


class MergedPartition(StatefulSourcePartition[tuple[str, Envelope], bytes]):
    """One shard's ordered view of its topics."""

    def __init__(
        self,
        layout: Layout,
        shard: str,
        reads: Reads,
        boundary: Boundary,
        stopping: Stopping,
        held: Stopping = not_held,
    ) -> None:
        """Prepare; `open` starts reading at a position."""
        self._layout = layout
        self._shard = shard
        self._reads = reads
        self._boundary = boundary
        self._stopping = stopping
        self._held = held
        self._origin: Barrier | None = None
        self._behind = False
        self._unkept = NEVER  # the first event since the last boundary
        self._lag_at = 0.0
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._frontier = NEVER
        self._done = False

    def open(self, resume: bytes | None, origin: Barrier | None) -> "MergedPartition":
        """Start at the snapshot's position, at a kept state, or at the beginning of the log."""
        if resume is None and origin is not None:
            self._origin, resume = origin, origin.source
            day = to_datetime(origin.boundary)
            log.info("%s starts from the state kept at the close of %s", self._shard, f"{day:%F}")
        state = None if resume is None else decode_state(resume, SourceState)
        positions: dict[str, dict[int, Position]] = {}
        if state is not None:
            positions, self._done, self._unkept = state.positions, state.ended, state.unkept
        run = self._layout.run_id.encode()
        for rank, (topic, partitions) in enumerate(self._reads.items()):
            for p in partitions:
                name = self._layout.name(topic)
                at = positions.get(topic.name, {}).get(p, Position())
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

    def next_batch(self) -> list[tuple[str, Envelope]]:
        """Read what is there and give out what no later record can precede."""
        if self._origin is not None:  # before anything can stop: the first snapshot needs it
            first, self._origin = self._origin, None
            return [(self._shard, Envelope(Block([], first.boundary), origin=first.steps))]
        if self._done or self._stopping():
            raise StopIteration
        if self._held():
            time.sleep(HELD_S)
            return []
        if not self._behind:
            self._fill()
        lanes = self._lanes.values()
        ended = all(lane.ended for lane in lanes)
        clock = max(lane.end for lane in lanes) if ended else min(lane.clock for lane in lanes)
        boundary = self._next_boundary(clock)
        self._behind = boundary is not None and (boundary < clock or ended)
        limit = boundary or (FOR_EVER if ended else clock)
        taken: list[Waiting] = []
        for lane in lanes:
            lane.take(limit, taken)
        self._throttle(clock)
        self._tell(clock, taken)
        if boundary is None and not taken and clock <= self._frontier and not ended:
            return []
        taken.sort()
        events = [Event(w.stamp, w.key, w.body) for w in taken]
        if boundary is not None:
            self._frontier, self._unkept = boundary, NEVER
            barrier = Barrier(boundary, self.snapshot(), {})
            return [(self._shard, Envelope(Block(events, boundary), barrier))]
        self._frontier, self._done = max(clock, self._frontier), ended
        if self._unkept == NEVER:
            self._unkept = next((e.stamp for e in events if e.stamp > NEVER), NEVER)
        return [(self._shard, Envelope(Block(events, self._frontier, ended)))]

    def snapshot(self) -> bytes:
        """Return the encoded `SourceState`."""
        positions: dict[str, dict[int, Position]] = {}
        for lane in self._lanes.values():
            positions.setdefault(lane.topic.name, {})[lane.partition] = lane.position
        state = SourceState(positions=positions, ended=self._done, unkept=self._unkept)
        return encode_state(state)

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _next_boundary(self, clock: int) -> int | None:
        """Return the boundary at which the next block must end, if time has come so far.

        Sessions in which nothing happened have none: the state before them still holds.
        """
        since = self._unkept
        if since == NEVER:
            heads = [lane.buffer[0].stamp for lane in self._lanes.values() if lane.buffer]
            since = min((stamp for stamp in heads if stamp > NEVER), default=NEVER)
        boundary = None if since == NEVER else self._boundary(since)
        return boundary if boundary is not None and boundary <= clock else None

    def _fill(self) -> None:
        first = self._consumer.poll(POLL_S)
        if first is None:
            return
        lanes = self._lanes
        for record in (first, *self._consumer.consume(BATCH, 0)):
            if record.error() is None or is_fact(record):
                lanes[record.topic(), record.partition()].read(record)  # type: ignore[index]  # a fact has both

    def _tell(self, clock: int, taken: list[Waiting]) -> None:
        if clock < FOR_EVER:
            VITALS.clock = max(VITALS.clock, clock)
        if taken:
            topics = list(self._reads)
            for rank, count in Counter(w.rank for w in taken).items():
                READ.add(count, {"topic": topics[rank].name})
        if time.monotonic() >= self._lag_at:
            self._lag_at = time.monotonic() + LAG_EVERY_S
            VITALS.lag = lag_of(self._consumer, self._lanes)
        if all(lane.ended for lane in self._lanes.values()):
            VITALS.lag = 0  # what strangers write behind the end is nobody's

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


class MergedSource(FixedPartitionedSource[tuple[str, Envelope], bytes]):
    """The shards a process runs, each with the partitions it reads.

    Attributes:
        shards: shard key -> topic -> partitions, topics in rank order.
        boundary: returns the first boundary after a stamp; a block ends there and carries a
            barrier. By default there are none.
        origins: shard key -> the kept state to start from where there is no snapshot.
        held: asked before each batch: the flow has enough to do, nothing is read.
    """

    def __init__(
        self,
        layout: Layout,
        shards: Mapping[str, Reads],
        stopping: Stopping,
        *,
        boundary: Boundary = no_boundary,
        origins: Mapping[str, Barrier] = NO_ORIGINS,
        held: Stopping = not_held,
    ) -> None:
        """Name the shards; nothing is opened here."""
        self._layout = layout
        self._shards = shards
        self._stopping = stopping
        self._boundary = boundary
        self._origins = origins
        self._held = held

    def list_parts(self) -> list[str]:
        """Return the shard keys."""
        return sorted(self._shards)

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> MergedPartition:
        """Open one shard at its snapshot."""
        reads = self._shards[for_part]
        part = MergedPartition(
            self._layout, for_part, reads, self._boundary, self._stopping, self._held
        )
        return part.open(resume_state, self._origins.get(for_part))


def is_fact(record: Record) -> bool:
    """Tell whether a consumer gave a record; False while the broker is away.

    Raises:
        LostLog: the log no longer holds the offset to read from.
        KafkaException: the broker refuses.
    """
    error = record.error()
    if error is None:
        return True
    if error.code() in WAIT:
        return False
    if error.code() == KafkaError._AUTO_OFFSET_RESET:
        reason = f"{record.topic()}[{record.partition()}]: {error.str()}"
        raise LostLog(reason)
    raise KafkaException(error)


def lag_of(consumer: Consumer, partitions: Iterable[tuple[str, int]]) -> int:
    """Return how many records a consumer has not fetched yet, by what it last heard."""
    behind = 0
    for place in consumer.position([TopicPartition(name, p) for name, p in partitions]):
        _, end = consumer.get_watermark_offsets(place, cached=True)
        behind += max(0, end - max(0, place.offset))
    return behind


def shard_reads(topics: Sequence[Topic[Message]], shard: int) -> Reads:
    """Return partition `shard` of each topic: the reading of one shard of a sharded flow."""
    return {t: range(1) if t.single else range(shard, shard + 1) for t in topics}


def all_reads(layout: Layout, topics: Sequence[Topic[Message]]) -> Reads:
    """Return every partition of each topic: the reading of a flow with one shard."""
    return {t: layout.partitions_of(t) for t in topics}
