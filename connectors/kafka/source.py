"""The merged source: a consumer around the merge.

One Bytewax source partition owns one consumer over a shard's partitions of all its topics. It
reads what is there, pushes it into `operators.merge` and hands on what the merge releases.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Final

from bytewax.inputs import FixedPartitionedSource
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Record

from connectors.envelope import Barrier, Envelope
from connectors.kafka.bell import Bell
from connectors.kafka.layout import Layout
from connectors.kafka.partition_reader import PartitionReader
from connectors.kafka.shards import Partitions
from connectors.steady_source import SteadyPartition
from connectors.telemetry import READ, VITALS
from messages.base import Message
from messages.codec import decoder
from messages.errors import TidewireError
from messages.topics import Topic
from messages.units import to_datetime
from operators.blocks import Block
from operators.merge import (
    FOR_EVER,
    Boundary,
    Merge,
    MergeState,
    Partition,
    Progress,
    Released,
    no_boundary,
)
from operators.states import decode_state, encode_state

Stopping = Callable[[], bool]

log = logging.getLogger(__name__)
POLL_S: Final = 0.01
PATIENCE_S: Final = 0.25  # of a process that has one shard to wait for
BACK_PRESSURE_S: Final = 0.005
BATCH: Final = 2_000
LAG_EVERY_S: Final = 1.0
WAIT: Final = frozenset({KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE})
NO_ORIGINS: Final[Mapping[str, Barrier]] = MappingProxyType({})


def no_back_pressure() -> bool:
    """Say that the flow can take more."""
    return False


class LostLog(TidewireError, RuntimeError):
    """The log no longer holds the offset to resume from.

    Operator action: restore the topic from the archive, or remove the flow's recovery
    directory to rebuild it from the oldest record there is.
    """


class MergedPartition(SteadyPartition[tuple[str, Envelope], bytes]):
    """One shard's ordered view of its topics."""

    def __init__(
        self,
        layout: Layout,
        shard: str,
        reads: Partitions,
        boundary: Boundary,
        stopping: Stopping,
        back_pressure: Stopping,
        resume: bytes | None,
        origin: Barrier | None,
        patience: Callable[[], float] = lambda: POLL_S,
        bell: Bell | None = None,
        feedback: Collection[Topic[Message]] = (),
    ) -> None:
        """Start at the snapshot's position, at a checkpoint, or at the beginning of the log."""
        self._shard, self._reads = shard, list(reads)
        self._stopping, self._back_pressure = stopping, back_pressure
        self._origin: Barrier | None = None
        self._lag_at = 0.0
        self._patience, self._bell = patience, bell
        self._heard = bell.count if bell else 0
        if resume is None and origin is not None:
            self._origin, resume = origin, origin.source
            day = to_datetime(origin.boundary)
            log.info("%s starts from the checkpoint of the close of %s", shard, f"{day:%F}")
        state = None if resume is None else decode_state(resume, MergeState)
        run, progress = layout.run_id.encode(), state.progress if state else {}
        self._readers: dict[tuple[str | None, int | None], PartitionReader] = {}
        for rank, (topic, numbers) in enumerate(reads.items()):
            for p in numbers:
                at = progress.get(topic.name, {}).get(p, Progress())
                place = Partition(topic.name, p, rank, at, feedback=topic in feedback)
                reader = PartitionReader(
                    topic, place, decoder(topic.schema), run, layout.seal(topic)
                )
                self._readers[layout.name(topic), p] = reader
        self._merge = Merge((r.partition for r in self._readers.values()), boundary, state)
        self._places = {
            (r.partition.topic, r.partition.number): TopicPartition(str(name), int(p or 0))
            for (name, p), r in self._readers.items()
        }
        self._consumer = _consumer(layout)
        self._consumer.assign(
            [
                TopicPartition(place.topic, place.partition, self._merge.partitions[at].progress[0])
                for at, place in self._places.items()
            ]
        )

    def next_batch(self) -> list[tuple[str, Envelope]]:
        """Read what is there and hand on what no later record can precede."""
        if self._origin is not None:  # before anything can stop: the first snapshot needs it
            first, self._origin = self._origin, None
            return [(self._shard, Envelope(Block([], first.boundary), origin=first.steps))]
        merge = self._merge
        if merge.done or self._stopping():
            raise StopIteration
        if self._back_pressure():
            time.sleep(BACK_PRESSURE_S)
            return []
        if not merge.pending:
            self._fill()
        released = merge.release()
        self._pause()
        self._report(released)
        if released is None:
            return self._woken()
        boundary = released.boundary
        barrier = None if boundary is None else Barrier(boundary, self.snapshot(), {})
        return [(self._shard, Envelope(released.block, barrier))]

    def _woken(self) -> list[tuple[str, Envelope]]:
        """Let the steps look at the time once the bell has rung, though nothing was read."""
        if self._bell is None or self._bell.count == self._heard:
            return []
        self._heard = self._bell.count
        return [(self._shard, Envelope(Block([], self._merge.frontier)))]

    def snapshot(self) -> bytes:
        """Return the encoded `MergeState`."""
        return encode_state(self._merge.state())

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _fill(self) -> None:
        if self._bell is None:
            first = self._consumer.poll(self._patience())
        elif (first := self._consumer.poll(0)) is None and self._bell.count == self._heard:
            self._bell.wait(self._heard, self._patience())
        if first is None:
            return
        readers = self._readers
        for record in (first, *self._consumer.consume(BATCH, 0)):
            if record.error() is None or is_record(record):
                readers[record.topic(), record.partition()].read(record)

    def _report(self, released: Released | None) -> None:
        clock, ended = self._merge.watermark, self._merge.ended
        if clock < FOR_EVER:
            VITALS.clock = max(VITALS.clock, clock)
        if released is not None:
            for rank, count in Counter(map(attrgetter("rank"), released.records)).items():
                READ.add(count, {"topic": self._reads[rank].name})
        if time.monotonic() >= self._lag_at:
            self._lag_at = time.monotonic() + LAG_EVERY_S
            VITALS.lag = lag_of(self._consumer, self._places.values())
        if ended:
            VITALS.lag = 0  # what others write after the end is not read

    def _pause(self) -> None:
        for partition in self._merge.pauses():
            place = [self._places[partition.topic, partition.number]]
            act = self._consumer.pause if partition.paused else self._consumer.resume
            act(place)


class MergedSource(FixedPartitionedSource[tuple[str, Envelope], bytes]):
    """The shards a process runs, each with the partitions it reads.

    Attributes:
        shards: shard key -> topic -> partitions, topics in rank order.
        boundary: returns the first boundary after a stamp; a block ends there and carries a
            barrier. By default there are none.
        origins: shard key -> the checkpoint to start from where there is no snapshot.
        back_pressure: asked before each batch: the flow has enough to do, nothing is read.
        patience: how long a shard may wait for records, seconds; by default not long where
            several shards share the process.
        listen: gives a bell that wakes the flow's steps too.
        feedback: topics that follow from the flow's own consequences; see `operators.merge.Merge`.
    """

    def __init__(
        self,
        layout: Layout,
        shards: Mapping[str, Partitions],
        stopping: Stopping,
        *,
        boundary: Boundary = no_boundary,
        origins: Mapping[str, Barrier] = NO_ORIGINS,
        back_pressure: Stopping = no_back_pressure,
        patience: Callable[[], float] | None = None,
        listen: Callable[[], Bell] | None = None,
        feedback: Collection[Topic[Message]] = (),
    ) -> None:
        """Name the shards; nothing is opened here."""
        alone = PATIENCE_S if len(shards) == 1 else POLL_S
        self._patience = patience or (lambda: alone)
        self._listen = listen
        self._feedback = feedback
        self._layout = layout
        self._shards = shards
        self._stopping = stopping
        self._boundary = boundary
        self._origins = origins
        self._back_pressure = back_pressure

    def list_parts(self) -> list[str]:
        """Return the shard keys."""
        return sorted(self._shards)

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> MergedPartition:
        """Open one shard at its snapshot."""
        return MergedPartition(
            self._layout, for_part, self._shards[for_part], self._boundary, self._stopping,
            self._back_pressure, resume_state, self._origins.get(for_part), self._patience,
            self._listen() if self._listen else None, self._feedback,
        )  # fmt: skip


def is_record(record: Record) -> bool:
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
        reason = (
            f"{record.topic()}[{record.partition()}]: {error.str()}: restore the topic from the "
            "archive, or remove the flow's recovery directory to rebuild it."
        )
        raise LostLog(reason)
    raise KafkaException(error)


def lag_of(consumer: Consumer, partitions: Iterable[TopicPartition]) -> int:
    """Return how many records a consumer has not fetched yet, by what it last heard."""
    behind = 0
    for place in consumer.position(list(partitions)):
        _, end = consumer.get_watermark_offsets(place, cached=True)
        behind += max(0, end - max(0, place.offset))
    return behind


def _consumer(layout: Layout) -> Consumer:
    return Consumer(
        layout.access.settings(
            {
                "group.id": f"{layout.prefix}reader",
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 500,  # an answer comes at once where there is anything
                "fetch.error.backoff.ms": 50,
                "queued.max.messages.kbytes": 16_384,
                "allow.auto.create.topics": False,
            }
        )
    )
