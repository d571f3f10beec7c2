"""The archived log in the order in which a flow's shard read it, block by block.

The order is the merged source's: (stamp, key, topic rank, partition, offset), and day files hold
effective stamps, so sorting each session day is enough. Nothing here depends on how the log was
cut into blocks when it was live.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

from connectors.archive.reading import ArchivedRun, DayNotArchived
from connectors.archive.records import ArchivedRecord
from connectors.envelope import Barrier, Envelope
from connectors.kafka.headers import TICK_END
from connectors.kafka.layout import Layout
from connectors.kafka.partition_reader import read_body
from connectors.kafka.shards import Partitions
from connectors.market.calendar import day_span
from messages.base import Message
from messages.codec import decoder
from messages.flows import FEEDBACK
from messages.topics import Topic
from operators.blocks import Block, Event
from operators.merge import NO_STAMP, Record, cut

FED_BACK: Final = frozenset(t.name for t in FEEDBACK)
WHOLE: Final = 2**62  # block size: one block a day
Offsets = Mapping[tuple[str, int], int]


def span_of(day: str) -> tuple[int, int]:
    """Return a session day's first moment and the moment after its last.

    Raises:
        DayNotArchived: there is no session on that day.
    """
    try:
        span = day_span(day)
    except ValueError as error:
        reason = f"--day {day}: write it as YYYY-MM-DD."
        raise DayNotArchived(reason) from error
    if span is None:
        reason = f"There is no session on {day}: name a trading day."
        raise DayNotArchived(reason)
    return span


class ArchivedLog:
    """What one shard of a flow read, from an offset per partition to the end of a day."""

    def __init__(
        self, archive: ArchivedRun, reads: Partitions, offsets: Offsets, first: str, last: str
    ) -> None:
        """Prepare to read the days from `first` to `last`.

        Raises:
            DayNotArchived: a topic is not archived to the end of the last day.
        """
        self._archive = archive
        self._layout: Layout = archive.run.layout
        self._reads = reads
        self._offsets = offsets
        for topic in reads:
            archive.require(topic.name, len(self._layout.partitions_of(topic)), last)
        names = {t.name for t in reads}
        between = {f.day for n in names for f in archive.files.get(n, ()) if first <= f.day <= last}
        self._days = sorted(between | {last})
        # What is fed back does not end by itself: it is over when the rest is.
        self._open = {
            (t.name, p) for t, partitions in reads.items() if t not in FEEDBACK for p in partitions
        }
        self._end = 0
        for topic in reads:
            if archive.files[topic.name][-1].day < first:
                self._note_ends(topic.name, archive.files[topic.name][-1].day)

    def days(self) -> Iterator[tuple[str, list[Record]]]:
        """Return each day with its facts in order."""
        early: list[Record] = []
        for day in self._days:
            facts = sorted([*early, *self._facts(day)])
            if day < "0001":  # from before the log had a time: first of all on the first day
                early = facts
                continue
            early = []
            yield day, facts

    def envelopes(self, size: int = WHOLE, kept: Collection[int] = ()) -> Iterator[Envelope]:
        """Return blocks of about `size` events, whole stamps only.

        Args:
            size: events per block; means nothing for what follows from them.
            kept: boundaries at which the state is asked for by a barrier.
        """
        for day, facts in self.days():
            end, ended = span_of(day)[1], not self._open
            frontier = self._end if ended else end
            events = [
                Event(f.stamp, f.key, f.body) for f in facts if not ended or f.stamp <= frontier
            ]
            *earlier, last = cut(events, size, frontier, ended=ended)
            yield from map(Envelope, earlier)
            if ended:
                yield Envelope(last)
                return
            yield Envelope(last, Barrier(end, b"", {}) if end in kept else None)

    def blocks(self, size: int = WHOLE) -> Iterator[Block]:
        """Return the blocks of `envelopes`, for operators driven by hand."""
        return (envelope.block for envelope in self.envelopes(size))

    def _facts(self, day: str) -> Iterator[Record]:
        for rank, (topic, partitions) in enumerate(self._reads.items()):
            decode = decoder(topic.schema)
            for row in self._archive.rows(topic.name, day, day):
                at = (topic.name, row.partition)
                if row.partition not in partitions:
                    continue
                if at not in self._open and topic not in FEEDBACK:
                    continue
                if row.tick == TICK_END:
                    if topic not in FEEDBACK:
                        self._note_end(at, row.stamp)
                elif row.is_fact and row.offset >= self._offsets.get(at, 0):
                    yield _record(topic, rank, row, decode)

    def _note_ends(self, topic: str, day: str) -> None:
        """Note the lanes that were over before the first day."""
        if topic in FED_BACK:
            return
        for row in self._archive.rows(topic, day, day):
            if row.tick == TICK_END:
                self._note_end((topic, row.partition), row.stamp)

    def _note_end(self, at: tuple[str, int], stamp: int) -> None:
        self._open.discard(at)
        self._end = max(self._end, stamp)


def _record(
    topic: Topic[Message], rank: int, row: ArchivedRecord, decode: Callable[[bytes], Message]
) -> Record:
    value, ours = row.value or b"", row.seq is not None
    body = read_body(topic, decode, row.partition, row.offset, value, row.stamp, ours=ours)
    key = "" if topic.broadcast else (row.key or b"").decode(errors="replace")
    seq = NO_STAMP if row.seq is None else row.seq
    return Record(row.stamp, key, rank, row.partition, row.offset, body, seq)
