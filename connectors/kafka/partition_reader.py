"""One partition of one topic as a reader sees it: headers, repeats, keys, messages."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from confluent_kafka import Message as Record

from connectors.kafka.headers import TICK_END, Said, Seal, read_headers
from messages.base import MAX_PAYLOAD, Message, make_id
from messages.codec import Unreadable
from messages.control import DeadLetter
from messages.topics import RAW, Topic
from messages.units import to_datetime
from operators.merge import FOR_EVER, HIGH_WATER, NO_STAMP, Clock, Partition

FORGED: Final = ("FORGED", "the record lacks this run's headers, and nobody else writes here")
HELD: Final = HIGH_WATER  # offsets of a block
KEYS: Final = 10_000  # texts of keys kept per partition
Decode = Callable[[bytes], Message]


class Arrival(NamedTuple):
    """What a record is to its partition.

    Attributes:
        record: of the log.
        stamp: effective.
        tick: the tick header; None for a record with a body.
        repeat: its seq was there before; readers drop it.
    """

    record: Record
    stamp: int
    seq: int | None
    tick: bytes | None
    repeat: bool


class Arrivals:
    """Gives the records of one partition their effective stamps, in the order of its log.

    A stranger's record takes the moment of its append, but no later one than the next word of the
    run's own writers in its partition, for which it waits: a clock of the broker's that jumps ahead
    does not take the run's with it. It waits within its block of `HELD` offsets only, so that what
    waits is bounded, as in a backlog of hours without a word of ours. Where the log does not keep
    that moment (records that are played), it takes the running maximum at once.
    """

    __slots__ = ("_held", "_run", "_seal", "clock")

    def __init__(self, run: bytes, seal: Seal | None, clock: Clock) -> None:
        """Go on with a partition's clock."""
        self._run, self._seal = run, seal
        self.clock = clock
        self._held: list[tuple[Record, int, int | None]] = []  # with stamp, and seq of a repeat

    @property
    def waiting(self) -> bool:
        """Tell whether strangers' records wait for the run's next word."""
        return bool(self._held)

    def read(self, record: Record) -> Iterator[Arrival]:
        """Take the next record of the log; gives those whose stamps are known now.

        Each is given while the clock stands at it. Assumes that all are taken before the next
        record comes.
        """
        return self.take(record, self.said(record))

    def said(self, record: Record) -> Said:
        """Return what a record's headers say."""
        return read_headers(record, self._run, self._seal)

    def take(self, record: Record, said: Said) -> Iterator[Arrival]:
        """Take a record with what its headers say; see `read`."""
        clock = self.clock
        stamp, seq, tick = said
        repeat = seq is not None and seq <= clock.seq
        ours = tick is not None or (seq is not None and not repeat)
        if self._held and self._block(record) != self._block(self._held[0][0]):
            yield from self._settle(FOR_EVER)
        if self._held and not ours:  # the order of the log stays
            self._held.append((record, stamp, seq))
            return
        if not ours and not repeat and stamp != NO_STAMP:
            self._held.append((record, stamp, None))
            return
        if ours and self._held:
            yield from self._settle(stamp)
        if tick is not None:
            clock.tick(stamp, last=tick == TICK_END)
            yield Arrival(record, clock.end if clock.ended else clock.now, seq, tick, repeat=False)
        else:
            clock.advance(stamp, seq)
            yield Arrival(record, clock.now, seq, None, repeat)

    def _settle(self, latest: int) -> Iterator[Arrival]:
        """Give those that waited the moments of their appends, but none later than `latest`."""
        held, self._held = self._held, []
        for record, appended, seq in held:
            if seq is None:
                self.clock.advance(min(appended, latest), None)
            yield Arrival(record, self.clock.now, seq, None, repeat=seq is not None)

    @staticmethod
    def _block(record: Record) -> int:
        return (record.offset() or 0) // HELD


class PartitionReader:
    """Reads the records of one partition in log order into the merge."""

    __slots__ = ("_arrivals", "_broadcast", "_decode", "_keys", "partition", "topic")

    def __init__(
        self, topic: Topic[Message], partition: Partition, decode: Decode, run: bytes,
        seal: Seal | None = None,
    ) -> None:  # fmt: skip
        """Take the topic's decoder and seal, and the partition's place in the merge."""
        self.topic = topic
        self.partition = partition
        self._decode = decode
        self._arrivals = Arrivals(run, seal, partition.clock)
        self._broadcast = topic.broadcast
        self._keys: dict[bytes | str | None, str] = {}

    def read(self, record: Record) -> None:
        """Take the next record of the log: a tick moves the clock, the rest waits its turn."""
        clock, arrivals = self.partition.clock, self._arrivals
        if clock.ended:
            return
        said = arrivals.said(record)
        if said[1] is not None and not arrivals.waiting:  # nearly always: a fact of ours
            if clock.advance(said[0], said[1]):
                self._push(record, clock.now, ours=True)
            return
        for known in arrivals.take(record, said):
            if known.tick is None and not known.repeat:
                self._push(known.record, known.stamp, ours=known.seq is not None)

    def _push(self, record: Record, stamp: int, *, ours: bool) -> None:
        partition, offset, value = self.partition, record.offset() or 0, record.value() or b""
        body = read_body(
            self.topic, self._decode, partition.number, offset, value, stamp, ours=ours
        )  # fmt: skip
        key = "" if self._broadcast else self._key(record.key())
        partition.push(key, offset, body)

    def _key(self, raw: bytes | str | None) -> str:
        """Return a key as text; the same few come again and again."""
        key = self._keys.get(raw)
        if key is None:
            key = (raw or b"").decode(errors="replace") if not isinstance(raw, str) else raw
            if len(self._keys) < KEYS:
                self._keys[raw] = key
        return key


def read_body(
    topic: Topic[Message], decode: Decode, partition: int, offset: int, value: bytes, stamp: int,
    *, ours: bool,
) -> Message:  # fmt: skip
    """Read the message at a place of the log, or make the dead letter that says why not.

    What somebody else wrote is read from the topics that outsiders may write, and from no other.
    """
    if not ours and topic not in RAW:
        return unreadable(Unreadable(*FORGED), topic, partition, offset, value, stamp)
    try:
        return decode(value)
    except Unreadable as error:
        return unreadable(error, topic, partition, offset, value, stamp)


def unreadable(
    error: Unreadable, topic: Topic[Message], partition: int, offset: int, value: bytes, stamp: int
) -> DeadLetter:
    """Return the dead letter of a record that cannot be read."""
    return DeadLetter(
        id=make_id("dlq", topic.name, partition, offset),
        event_time=to_datetime(max(stamp, 0)),
        reason=error.reason,
        detail=error.detail,
        topic=topic.name,
        partition=partition,
        offset=offset,
        payload=value[:MAX_PAYLOAD],
        size=len(value),
    )
