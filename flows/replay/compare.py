"""What a flow makes again, held against what its topics have: equal, or the first difference."""

from collections.abc import Iterator
from typing import Final, NamedTuple, cast

from connectors.archive.ordered_log import span_of
from connectors.archive.reading import ArchivedRun
from connectors.archive.records import ArchivedRecord
from connectors.kafka.headers import RecordHeaders
from connectors.kafka.shards import Partitions
from connectors.kafka.sink import NO_LEADS, Leads, Mark, Outbox, SinkState
from connectors.market.calendar import session_day
from flows.replay.record_hashes import RecordHashes
from messages.base import Message
from messages.codec import encode
from messages.topics import Topic
from messages.units import to_micros
from operators.blocks import Event
from operators.merge import NO_STAMP

BEGINNING: Final = Mark()


class OutputRecord(NamedTuple):
    """One record of one partition, as recorded or as made again.

    Attributes:
        headers: as they stand in the log, by name.
    """

    stamp: int
    seq: int
    key: bytes
    value: bytes
    headers: dict[str, bytes | None]


class Divergence(NamedTuple):
    """The first place where what was made again differs from what was recorded.

    Attributes:
        field: which of a record's parts differs: value, key, stamp, seq, headers; or `missing`
            (recorded, not made again) or `extra` (made again, not recorded).
        recorded: the log's record; None where it has none.
        replayed: the one made again; None where there is none.
    """

    flow: str
    topic: str
    partition: int
    stamp: int
    field: str
    recorded: OutputRecord | None
    replayed: OutputRecord | None


class _Output:
    """One output partition: what it should hold, one record after the other."""

    def __init__(self, recorded: Iterator[OutputRecord], mark: Mark) -> None:
        self.recorded = recorded
        self.seq = mark.seq
        self.stamp = mark.stamp


class Comparison:
    """Takes a shard's outboxes and compares each record with the archived one.

    Attributes:
        first: the first divergence; comparing stops there.
        hashes: topic -> the hashes of the records made again on the certified day.
    """

    def __init__(
        self, archive: ArchivedRun, flow: str, writes: Partitions, marks: SinkState | None,
        first: str, day: str, certified_from: int, leads: Leads = NO_LEADS,
    ) -> None:  # fmt: skip
        """Open the output partitions behind a kept state's marks.

        Args:
            archive: of the run.
            flow: its name.
            writes: the partitions of each topic that this shard alone wrote.
            marks: of the kept state; None at the beginning of the log.
            first: the first day to read.
            day: the last.
            certified_from: records before this stamp are compared, and not counted.
            leads: topics on which time is ahead: their records lie in later days than those on
                which they were decided.

        Raises:
            DayNotArchived: a topic is not archived as far as is compared.
        """
        layout = archive.run.layout
        self._archive = archive
        self._layout = layout
        self._flow = flow
        self._writes = writes
        self._from = certified_from
        self._headers = RecordHeaders(layout.run_id)
        self._outputs: dict[tuple[str, int], _Output] = {}
        self._leads = {t.name: lead for t, lead in leads.items()}
        self._frontier = NO_STAMP
        for topic, partitions in writes.items():
            last = day
            if topic in leads:
                last = session_day(leads[topic](span_of(day)[1]) - 1)
            archive.require(topic.name, len(layout.partitions_of(topic)), last)
            for p in partitions:
                mark = BEGINNING if marks is None else marks.mark(topic.name, p)
                rows = archive.facts(topic.name, first, last, headers=True)
                output = _Output(_recorded(rows, p, mark.offset), mark)
                self._outputs[topic.name, p] = output
        self.first: Divergence | None = None
        self.hashes = {t.name: RecordHashes(broadcast=t.broadcast) for t in writes}

    def take(self, outbox: Outbox) -> None:
        """Compare what one block led to; nothing is done after the first divergence."""
        self._frontier = max(self._frontier, outbox.frontier)
        for topic, event in outbox.records:
            key, value = event.key.encode(), encode(cast("Message", event.body))
            id_ = cast("Message", event.body).id
            for p in self._layout.targets(topic, event.key, self._writes[topic]):
                if self.first is None:
                    output = self._outputs[topic.name, p]
                    made = self._made(output, event.stamp, key, value, id_)
                    self._hold(topic.name, p, next(output.recorded, None), made)
                    if self._decided(topic, event) >= self._from:
                        self.hashes[topic.name].add(made.stamp, key, value)

    def finish(self) -> None:
        """See that every recorded record was made again."""
        for (topic, p), output in self._outputs.items():
            if self.first is None and (left := next(output.recorded, None)) is not None:
                lead = self._leads.get(topic)
                if lead is None or left.stamp < lead(self._frontier):
                    self._hold(topic, p, left, None)

    def _decided(self, topic: Topic[Message], event: Event) -> int:
        """Return when a record was made; its stamp, but where time is ahead."""
        if topic.name in self._leads:
            return to_micros(cast("Message", event.body).event_time)
        return event.stamp

    def _made(
        self, output: _Output, stamp: int, key: bytes, value: bytes, id_: str
    ) -> OutputRecord:
        output.seq += 1
        output.stamp = max(output.stamp, stamp)
        headers = self._headers(output.stamp, output.seq, id_)
        return OutputRecord(output.stamp, output.seq, key, value, dict(headers))

    def _hold(
        self, topic: str, partition: int, old: OutputRecord | None, new: OutputRecord | None
    ) -> None:
        if old == new:
            return
        there = old or new
        stamp = there.stamp if there is not None else 0
        self.first = Divergence(self._flow, topic, partition, stamp, _differing(old, new), old, new)


def _differing(old: OutputRecord | None, new: OutputRecord | None) -> str:
    if old is None or new is None:
        return "missing" if new is None else "extra"
    fields = ("value", "key", "stamp", "seq", "headers")
    return next(f for f in fields if getattr(old, f) != getattr(new, f))


def _recorded(
    rows: Iterator[ArchivedRecord], partition: int, offset: int
) -> Iterator[OutputRecord]:
    for row in rows:
        if row.partition == partition and row.offset >= offset and row.seq is not None:
            headers = dict(row.headers)
            yield OutputRecord(row.stamp, row.seq, row.key or b"", row.value or b"", headers)
