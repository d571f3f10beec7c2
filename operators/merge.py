"""The order of events, and the merge of partitions into it. The only implementation there is.

Order = (effective stamp, key, topic rank, partition, offset). The effective stamp is the running
maximum of a partition's log: a late record is clamped, never sorted back. A partition's clock is
the effective stamp of its last record. The watermark is the smallest clock over all partitions:
records before it are released, whole stamps only, because no partition can still deliver an
earlier one.

    partition       records (stamp)            clock
    market.bars[0]  1  2  3  4                 4
    news.scored[0]  1        3                 3   <- watermark
    weights[0]      1  tick 4                  4
                    released: 1 1 1 2          kept back: 3 3 4

Arrival, batch size and speed do not matter. The same partitions give the same sequence.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from messages.base import Message
from messages.flows import FlowSpec
from operators.blocks import Block, Event
from operators.states import State

NO_STAMP: Final = -1  # before any record
FOR_EVER: Final = 2**62  # the clock of a partition that has ended
HIGH_WATER: Final = 20_000  # records waiting in a partition before reading it pauses
Place = tuple[int, str, int]  # stamp, key, topic rank: the order of what is whole in memory
Boundary = Callable[[int], int | None]


class Progress(NamedTuple):
    """How far a partition was released: what a snapshot keeps.

    Attributes:
        offset: next to be released.
        stamp: effective, of the last record released.
        seq: of the last record released.
    """

    offset: int = 0
    stamp: int = NO_STAMP
    seq: int = NO_STAMP


class MergeState(State):
    """How far a shard was released.

    Attributes:
        progress: topic -> partition -> how far.
        ended: the last block was released.
        since: stamp of the first event after the last boundary; NO_STAMP if none.
    """

    progress: dict[str, dict[int, Progress]]
    ended: bool
    since: int


class Record(NamedTuple):
    """A record that waits for its turn; sorts by its place in the order."""

    stamp: int
    key: str
    rank: int
    partition: int
    offset: int
    body: Message
    seq: int


class Clock:
    """The time of one partition, record by record.

    Attributes:
        now: effective stamp of the last record; FOR_EVER after the last tick.
        seq: the last sequence number.
        ended: the writer said that it is done.
        end: effective stamp of the last tick.
    """

    __slots__ = ("end", "ended", "now", "seq")

    def __init__(self, progress: Progress, *, ended: bool = False) -> None:
        """Start behind what was released."""
        self.now = progress.stamp
        self.seq = progress.seq
        self.ended = ended
        self.end = NO_STAMP

    def advance(self, stamp: int, seq: int | None) -> bool:
        """Take the next record's header stamp (NO_STAMP without one) and seq.

        Returns:
            Whether the record is new. One with a repeated seq is a repeat, which readers drop; it
            moves nothing, not even time, as anybody may have written it (`connectors.kafka`).
        """
        if seq is not None:
            if seq <= self.seq:
                return False
            self.seq = seq
        if stamp > self.now:
            self.now = stamp
        return True

    def tick(self, stamp: int, *, last: bool) -> None:
        """Take a tick: everything before its stamp has been written."""
        if stamp > self.now:
            self.now = stamp
        if last:
            self.ended, self.end, self.now = True, self.now, FOR_EVER


class Partition:
    """One partition in the merge: its clock, and the records that wait for their turn.

    Attributes:
        topic: its name; number: of the partition; rank: of the topic among the reads.
        progress: how far it was released.
        feedback: it follows from the reader's own consequences; see `Merge`.
        paused: it is far ahead of the watermark, and nothing is read from it.
    """

    __slots__ = ("clock", "feedback", "number", "paused", "progress", "rank", "topic", "waiting")

    def __init__(
        self, topic: str, number: int, rank: int, progress: Progress, *, feedback: bool = False
    ) -> None:
        """Start behind what was released."""
        self.topic, self.number, self.rank = topic, number, rank
        self.feedback = feedback
        self.progress = progress
        self.clock = Clock(progress)
        self.waiting: deque[Record] = deque()
        self.paused = False

    def push(self, key: str, offset: int, body: Message) -> None:
        """Let the record for which the clock has just advanced wait for its turn."""
        clock = self.clock
        self.waiting.append(Record(clock.now, key, self.rank, self.number, offset, body, clock.seq))

    @property
    def first(self) -> int:
        """Return the stamp of the first waiting record that has one; NO_STAMP without any."""
        return next((r.stamp for r in self.waiting if r.stamp > NO_STAMP), NO_STAMP)

    def release(self, before: int, into: list[Record]) -> None:
        """Move the records with an earlier stamp into a list."""
        waiting = self.waiting
        if not waiting:
            return
        last = None
        if waiting[-1].stamp < before:  # stamps of a partition never fall
            last = waiting[-1]
            into.extend(waiting)
            waiting.clear()
        else:
            while waiting[0].stamp < before:
                last = waiting.popleft()
                into.append(last)
        if last is not None:
            self.progress = Progress(last.offset + 1, last.stamp, last.seq)


class Released(NamedTuple):
    """What can be handed on.

    Attributes:
        records: in order, of `block`.
        boundary: the block ends at this session boundary; None elsewhere.
    """

    block: Block
    records: list[Record]
    boundary: int | None = None


def no_boundary(_stamp: int) -> int | None:
    """Cut at no boundary."""
    return None


class Merge:
    """Partitions in, blocks out, in the one order.

    `push` to the partitions in their log order, in any interleaving; then `release` until it
    returns None. Blocks end at session boundaries, so that the state there can be kept; sessions
    in which nothing happened have none.

    A partition of feedback is read like any other while the others go on; its writer says time
    ahead. Once they have all ended, it counts as ended as soon as it has passed their end, and what
    it holds beyond is not read: otherwise reader and writer would tick for each other for ever.

    Attributes:
        partitions: (topic, number) -> the partition.
        pending: the last release stopped at a boundary, and there is more at once.
    """

    def __init__(
        self, partitions: Iterable[Partition], boundary: Boundary = no_boundary,
        state: MergeState | None = None,
    ) -> None:  # fmt: skip
        """Start anew, or with the frontier of a snapshot whose progress the partitions have."""
        self.partitions = {(p.topic, p.number): p for p in partitions}
        self._all = list(self.partitions.values())
        self._feedback = [p for p in self._all if p.feedback]
        self._plain = [p for p in self._all if not p.feedback]
        self._boundary = boundary
        self._frontier = NO_STAMP
        self._done = state.ended if state else False
        self._since = state.since if state else NO_STAMP
        self.pending = False

    @property
    def done(self) -> bool:
        """Tell whether the last block was released."""
        return self._done

    @property
    def ended(self) -> bool:
        """Tell whether every partition has ended."""
        if not all(p.clock.ended for p in self._plain):
            return False
        return all(p.clock.now > self._end for p in self._feedback)

    @property
    def _end(self) -> int:
        """Return the latest end of what is no feedback."""
        return max(p.clock.end for p in self._plain)

    @property
    def frontier(self) -> int:
        """Return how far everything was released."""
        return self._frontier

    @property
    def watermark(self) -> int:
        """Return the smallest clock; the latest end where every partition has ended."""
        if self.ended:
            return self._end
        return min(p.clock.now for p in self._all)

    def release(self) -> Released | None:
        """Return everything before the watermark, up to the next boundary; None if nothing is new.

        The last block, once every partition has ended, holds the rest and says `ended`.
        """
        ended, clock = self.ended, self.watermark
        boundary = self._next_boundary(clock)
        self.pending = boundary is not None and (boundary < clock or ended)
        before = boundary or (FOR_EVER if ended else clock)
        records: list[Record] = []
        for partition in self._plain:
            partition.release(before, records)
        for partition in self._feedback:
            partition.release(min(before, clock + 1) if ended else before, records)
        if boundary is None and not records and clock <= self._frontier and not ended:
            return None
        records.sort()
        events = [Event(r.stamp, r.key, r.body) for r in records]
        if boundary is not None:
            self._frontier, self._since = boundary, NO_STAMP
            return Released(Block(events, boundary), records, boundary)
        self._frontier, self._done = max(clock, self._frontier), ended
        if self._since == NO_STAMP:
            self._since = next((e.stamp for e in events if e.stamp > NO_STAMP), NO_STAMP)
        return Released(Block(events, self._frontier, ended), records)

    def state(self) -> MergeState:
        """Return how far everything was released."""
        progress: dict[str, dict[int, Progress]] = {}
        for partition in self._all:
            progress.setdefault(partition.topic, {})[partition.number] = partition.progress
        return MergeState(progress=progress, ended=self._done, since=self._since)

    def pauses(self) -> list[Partition]:
        """Bound memory: return the partitions whose `paused` has just changed.

        One that is far ahead of the watermark is paused; the one that holds it back never is.
        """
        changed, clock = [], self.watermark
        for partition in self._all:
            waiting, paused = len(partition.waiting), partition.paused
            ahead = partition.clock.now > clock
            if not paused and waiting > HIGH_WATER and ahead:
                partition.paused = True
            elif paused and (waiting < HIGH_WATER // 2 or not ahead):
                partition.paused = False
            if partition.paused != paused:
                changed.append(partition)
        return changed

    def _next_boundary(self, clock: int) -> int | None:
        """Return the boundary at which the next block must end, if time has come so far."""
        since = self._since
        if since == NO_STAMP:
            since = min((s for p in self._all if (s := p.first) > NO_STAMP), default=NO_STAMP)
        boundary = None if since == NO_STAMP else self._boundary(since)
        return boundary if boundary is not None and boundary <= clock else None


def place_of(flow: FlowSpec) -> Callable[[Event], Place]:
    """Return the sort key of what a flow reads, for events that are whole in memory."""
    return place_by(flow.ranks)


def place_by(ranks: Mapping[type[Message], int]) -> Callable[[Event], Place]:
    """Return the sort key of events whose messages have the given ranks.

    Assumes that events of one stamp, key and rank stand in their log order: the sort is stable.
    """

    def place(event: Event) -> Place:
        return event.stamp, event.key, ranks[type(event.body)]  # type: ignore[index]  # a message

    return place


def cut(
    events: Sequence[Event], sizes: int | Iterable[int], end: int, *, ended: bool
) -> Iterator[Block]:
    """Cut ordered events into blocks of whole stamps; always at least one block.

    Args:
        events: in order, all before `end` (or at it, if `ended`).
        sizes: events per block, at least; one number, or one per block and then the rest.
        end: frontier of the last block.
        ended: the last block says that the input is over.
    """
    wanted = iter(()) if isinstance(sizes, int) else iter(sizes)
    start = 0
    while True:
        size = sizes if isinstance(sizes, int) else next(wanted, len(events))
        stop = min(start + size, len(events))
        while start < stop < len(events) and events[stop].stamp == events[stop - 1].stamp:
            stop += 1
        last = stop == len(events)
        part = list(events[start:stop])
        yield Block(part, end if last else events[stop].stamp, last and ended)
        if last:
            return
        start = stop
