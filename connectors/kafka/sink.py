"""The checked sink: writes a flow's outputs to Kafka once, whatever crashes.

Every record carries `stamp`, `seq` (per partition) and `run`. `snapshot()` flushes and checks
every delivery report before the epoch may commit. On resume the sink reads its own partitions
from its snapshot to the end: what is already there is not written again.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, cast

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from confluent_kafka import KafkaError, Producer
from confluent_kafka import Message as Record

from connectors.envelope import Barrier
from connectors.kafka.headers import TICK_END, TICK_PASS, Headers, RecordHeaders, sealed
from connectors.kafka.layout import Layout
from connectors.kafka.shards import Partitions
from connectors.kafka.written import Written, read_written
from connectors.telemetry import FLUSH_SECONDS, VITALS, WRITTEN
from messages.base import Message
from messages.codec import encode
from messages.errors import TidewireError
from messages.topics import Topic
from operators.blocks import Event
from operators.states import State, decode_state, encode_state

Keep = Callable[[Barrier, bytes], None]
# Topic -> from a frontier, the first moment at which it may hold a record that is not written yet.
Leads = Mapping[Topic[Message], Callable[[int], int]]

FLUSH_S: Final = 120.0
SLICE_S: Final = 0.25
NO_LEADS: Leads = MappingProxyType({})
QUIET_US: Final = 60_000_000  # topics that no flow waits for pass time on once a minute


class Outbox(NamedTuple):
    """What one block led to.

    Attributes:
        records: topic and event, in the order of their stamps within each partition.
        frontier: passed on as a tick, so that readers know that this stamp is finished.
        ended: the input is over; readers are told by a last tick.
        barrier: the shard's state so far, to be kept once this outbox is durable.
        origin: the sink's encoded state to start from; on the first outbox of a shard that starts
            from a checkpoint.
    """

    records: list[tuple[Topic[Message], Event]]
    frontier: int
    ended: bool = False
    barrier: Barrier | None = None
    origin: bytes | None = None


class Mark(NamedTuple):
    """How far a partition was written: next offset, last seq, last stamp, whether it ended."""

    offset: int = 0
    seq: int = -1
    stamp: int = -1
    ended: bool = False


class SinkState(State):
    """How far a shard was written: topic (without the run's prefix) -> partition -> mark."""

    marks: dict[str, dict[int, Mark]]

    def mark(self, topic: str, partition: int) -> Mark:
        """Return a partition's mark; the beginning where it has none."""
        return self.marks.get(topic, {}).get(partition, Mark())


class DeliveryFailed(TidewireError, RuntimeError):
    """The broker did not take a record; the epoch must not commit.

    Operator action: look at the broker's log and disk; the flow resumes where it was.
    """


class DeterminismBroken(TidewireError, RuntimeError):
    """A re-executed flow did not make the records that are already in its topic.

    Operator action: stop trading on this run; the code, its parameters or its input changed
    between the two executions. Start a new run with the present ones.
    """


class PartitionWriter:
    """The writing end of one partition."""

    def __init__(
        self, name: str, partition: int, mark: Mark, written: Written, entry: bool
    ) -> None:
        """Continue after a mark, with what was found in the log behind it."""
        self.name = name
        self.partition = partition
        self.seq = written.records[-1].seq if entry and written.records else mark.seq
        self.stamp = max(mark.stamp, written.stamp)
        self.ended = mark.ended or written.ended
        self.known = written.records
        self.entry = entry
        # A feed may give the same fact twice: what the log has is counted, not just known.
        self.ids = Counter(found.id for found in self.known) if entry else Counter[str]()
        self._end = max(mark.offset, written.next_offset)

    @property
    def place(self) -> str:
        """Return topic and partition as people write them."""
        return f"{self.name}[{self.partition}]"

    def delivered(self, offset: int) -> None:
        """Note that the broker has the record at this offset."""
        self._end = offset + 1

    def mark(self) -> Mark:
        """Return what a snapshot keeps; assumes that everything was delivered.

        After a crash the log may hold records newer than our snapshot. Until all of them have been
        made again and matched, the mark does not advance past the first unmatched one, so that
        another crash finds them again.
        """
        offset, seq = self._end, self.seq
        if self.known:
            offset, seq = self.known[0].offset, self.known[0].seq - 1
        return Mark(offset, seq, self.stamp, self.ended)

    def drop_known(self, id_: str) -> bool:
        """Tell whether an entry flow's fact is in the log already, and tick it off."""
        if self.ids[id_] == 0:
            return False
        self.ids[id_] -= 1
        self.known.remove(next(found for found in self.known if found.id == id_))
        return True


class LogSinkPartition(StatefulSinkPartition[Outbox, bytes]):
    """Partitions one shard's outboxes."""

    def __init__(
        self,
        layout: Layout,
        writes: Partitions,
        resume: bytes | None,
        entry: bool,
        keep: Keep | None = None,
        leads: Leads = NO_LEADS,
    ) -> None:
        """Read back what the log holds beyond the snapshot, and open a producer.

        Without a snapshot nothing is read before the first outbox comes: it says whether the
        source starts from a checkpoint, and sink and source must start from the same place. A
        crash may leave a snapshot of the source and none of a sink to which nothing had come.
        """
        self._layout = layout
        self._failure: str | None = None
        self._writes = writes
        self._keep = keep
        self._entry = entry
        self._begun = False
        self._writers: dict[tuple[str, int], PartitionWriter] = {}
        self._seals = {layout.name(t): layout.seal(t) for t in writes}
        if resume is not None:
            self._begin(resume)
        self._leads = {layout.name(t): lead for t, lead in leads.items()}
        self._quiet = {layout.name(t) for t in writes if t in layout.flows.unread}
        self._headers = RecordHeaders(layout.run_id)
        self._made = Counter[str]()
        self._producer = Producer(
            layout.access.settings(
                {
                    "enable.idempotence": True,
                    "acks": "all",
                    "linger.ms": 2,
                    "compression.type": "lz4",
                    "queue.buffering.max.messages": 50_000,
                    "delivery.timeout.ms": int(FLUSH_S * 1000),
                    "allow.auto.create.topics": False,
                    "log_level": 3,
                }
            )
        )

    def write_batch(self, values: list[Outbox]) -> None:
        """Queue records and ticks; blocks while the producer's queue is full."""
        for outbox in values:
            if outbox.origin is not None or not self._begun:
                self._begin(outbox.origin)
            for topic, event in outbox.records:
                name, own = self._layout.name(topic), self._writes[topic]
                value = encode(cast("Message", event.body))
                for p in self._layout.targets(topic, event.key, own):
                    self._write(self._writers[name, p], event, value)
            for writer in self._writers.values():
                self._pass_time(writer, outbox)
            if outbox.barrier is not None and self._keep is not None:
                self._keep(outbox.barrier, self.snapshot())
            if self._entry:
                VITALS.clock = max(VITALS.clock, outbox.frontier)
        self._producer.poll(0)
        self._check()

    def snapshot(self) -> bytes:
        """Make everything durable and return the encoded `SinkState`.

        Raises:
            DeliveryFailed: a record was refused, or the broker stayed away for two minutes.
        """
        began = time.monotonic()
        deadline = began + FLUSH_S
        while self._producer.flush(SLICE_S):
            self._check()
            if time.monotonic() > deadline:
                reason = f"{len(self._producer)} records undelivered after {FLUSH_S:.0f} s"
                raise DeliveryFailed(reason)
        self._check()
        FLUSH_SECONDS.record(time.monotonic() - began, {"sink": "topics"})
        for name, count in self._made.items():
            WRITTEN.add(count, {"topic": name.removeprefix(self._layout.prefix)})
        self._made.clear()
        VITALS.durable()
        marks: dict[str, dict[int, Mark]] = {}
        for (name, partition), writer in self._writers.items():
            topic = name.removeprefix(self._layout.prefix)
            marks.setdefault(topic, {})[partition] = writer.mark()
        return encode_state(SinkState(marks=marks))

    def close(self) -> None:
        """Deliver what is left; a snapshot has normally done so."""
        self._producer.flush(FLUSH_S)

    def _begin(self, state: bytes | None) -> None:
        """Go to the marks of a state, or to the beginning, and read what lies behind them."""
        self._begun = True
        found = SinkState(marks={}) if state is None else decode_state(state, SinkState)
        marks = {
            (self._layout.name(t), p): found.mark(t.name, p)
            for t, partitions in self._writes.items()
            for p in partitions
        }
        written = read_written(
            self._layout, {at: (mark.offset, mark.seq) for at, mark in marks.items()}
        )
        self._writers = {
            at: PartitionWriter(*at, mark, written[at], self._entry) for at, mark in marks.items()
        }

    def _write(self, writer: PartitionWriter, event: Event, value: bytes) -> None:
        if writer.known and self._already_there(writer, event, value):
            return
        writer.seq += 1
        writer.stamp = max(writer.stamp, event.stamp)
        headers = self._headers(writer.stamp, writer.seq, cast("Message", event.body).id)
        self._made[writer.name] += 1
        self._produce(writer, event.key.encode(), value, headers)

    def _already_there(self, writer: PartitionWriter, event: Event, value: bytes) -> bool:
        """Skip a record that the log holds; a derived flow must make the very same bytes."""
        if writer.entry:
            return writer.drop_known(cast("Message", event.body).id)
        found = writer.known.popleft()
        writer.seq += 1
        if (found.seq, found.value) != (writer.seq, value):
            reason = (
                f"{writer.place} seq {found.seq}: the log has {found.value[:300]!r}, the flow made "
                f"{value[:300]!r} as seq {writer.seq}"
            )
            raise DeterminismBroken(reason)
        return True

    def _pass_time(self, writer: PartitionWriter, outbox: Outbox) -> None:
        if writer.known and not writer.entry:
            if outbox.ended:
                left = writer.known[0]
                reason = (
                    f"{writer.name}[{writer.partition}] seq {left.seq}: not made again: {left.id}"
                )
                raise DeterminismBroken(reason)
            return
        if writer.ended:
            return
        step = QUIET_US if writer.name in self._quiet else 1
        lead = self._leads.get(writer.name)
        frontier = outbox.frontier if lead is None else lead(outbox.frontier)
        if frontier - writer.stamp < step and not outbox.ended:
            return
        writer.ended = outbox.ended
        writer.stamp = max(writer.stamp, frontier)
        kind = TICK_END if outbox.ended else TICK_PASS
        self._produce(writer, None, None, self._headers.tick(writer.stamp, kind))

    def _produce(
        self,
        writer: PartitionWriter,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> None:
        headers = sealed(headers, self._seals[writer.name], writer.partition)
        while True:
            try:
                self._producer.produce(
                    writer.name,
                    value,
                    key,
                    writer.partition,
                    on_delivery=self._delivered,
                    headers=headers,  # type: ignore[arg-type]  # the stub forgets bytes values
                )
            except BufferError:
                self._producer.poll(SLICE_S)
                self._check()
            else:
                return

    def _delivered(self, error: KafkaError | None, record: Record) -> None:
        at = (record.topic() or "", record.partition() or 0)
        if error is not None:
            self._failure = f"{at[0]}[{at[1]}]: {error.str()}"
        else:
            self._writers[at].delivered(record.offset() or 0)

    def _check(self) -> None:
        if self._failure is not None:
            raise DeliveryFailed(self._failure)


class LogSink(FixedPartitionedSink[Outbox, bytes]):
    """The sink of a flow: each shard writes partitions that nobody else writes.

    Attributes:
        shards: shard key -> topic -> the partitions that this shard alone writes.
        leads: topics whose time is said ahead.
        entry: True for a flow that lets facts in from outside: after a crash it drops what the
            log has by id; a derived flow compares bytes and stops when they differ.
    """

    def __init__(
        self,
        layout: Layout,
        shards: Mapping[str, Partitions],
        *,
        entry: bool = False,
        keeper: Callable[[str], Keep] | None = None,
        leads: Leads = NO_LEADS,
        wrap: Callable[[LogSinkPartition], LogSinkPartition] = lambda part: part,
    ) -> None:
        """Name the shards; `wrap` is the seam where crash tests put their fault.

        Args:
            layout: the run's place on the broker.
            shards: see above.
            entry: see above.
            leads: see above.
            keeper: gives, per shard, what keeps its state at a barrier.
            wrap: put around each partition.
        """
        self._keeper = keeper
        self._leads = leads
        self._layout = layout
        self._shards = shards
        self._entry = entry
        self._wrap = wrap

    def list_parts(self) -> list[str]:
        """Return the shard keys."""
        return sorted(self._shards)

    def part_fn(self, item_key: str) -> int:
        """Route an outbox to the shard it is keyed by."""
        return self.list_parts().index(item_key)

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> LogSinkPartition:
        """Open one shard at its snapshot."""
        writes = self._shards[for_part]
        keep = self._keeper(for_part) if self._keeper is not None else None
        return self._wrap(
            LogSinkPartition(self._layout, writes, resume_state, self._entry, keep, self._leads)
        )
