"""One partition of one topic as a reader sees it: effective stamps, repeats, its clock."""

from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from confluent_kafka import Message as Record

from connectors.kafka.layout import RUN, SEQ, STAMP, TICK, TICK_END
from messages.base import Message, make_id
from messages.codec import Unreadable
from messages.control import DeadLetter
from messages.topics import Topic
from messages.units import to_datetime

MAX_PAYLOAD = 65_536
OURS: Final = 4  # headers of a fact
KEYS: Final = 10_000  # texts of keys kept per lane
NEVER = -1
FOR_EVER = 2**62


class Position(NamedTuple):
    """How far a lane was given out: what a snapshot keeps.

    Attributes:
        offset: next to give out.
        stamp: running maximum of the stamps given out.
        seq: last sequence number given out.
    """

    offset: int = 0
    stamp: int = NEVER
    seq: int = NEVER


class Waiting(NamedTuple):
    """A record read but not yet given out; sorts by stamp, key, rank, partition, offset."""

    stamp: int
    key: str
    rank: int
    partition: int
    offset: int
    body: Message
    seq: int


class Place(NamedTuple):
    """What a record is to its partition.

    Attributes:
        stamp: effective.
        tick: the tick header; None for a record with a body.
        repeat: its seq was there before; readers drop it.
    """

    stamp: int
    seq: int | None
    tick: bytes | None
    repeat: bool


class LaneClock:
    """Where time stands in one partition, record by record.

    The effective stamp of a record is the running maximum of the `stamp` headers up to it, so a
    late record is clamped, never sorted back; a record without the header (an outside
    producer's) takes the running maximum. A repeated `seq` is a repeat.

    Attributes:
        clock: the effective stamp of the last record; for ever after the last tick.
        seq: the last sequence number.
        end: the effective stamp of the last tick.
    """

    def __init__(self, run: bytes, position: Position) -> None:
        """Start at a position of a run's log."""
        self.run = run
        self.clock = position.stamp
        self.seq = position.seq
        self.ended = False
        self.end = NEVER

    def note(self, record: Record) -> Place:
        """Take the next record of the log and say what it is."""
        stamp, seq, tick = read_headers(record, self.run)
        at = self.clock = max(self.clock, stamp)
        if tick is not None:
            if tick == TICK_END:
                self.ended, self.end, self.clock = True, self.clock, FOR_EVER
            return Place(at, seq, tick, repeat=False)
        if seq is not None:
            if seq <= self.seq:
                return Place(at, seq, None, repeat=True)
            self.seq = seq
        return Place(at, seq, None, repeat=False)


class Lane:
    """Reads one partition in log order; what it has read waits for its turn."""

    def __init__(
        self,
        topic: Topic[Message],
        partition: int,
        rank: int,
        decode: Callable[[bytes], Message],
        position: Position,
        run: bytes,
    ) -> None:
        """Start at a position; nothing is read yet."""
        self.topic = topic
        self.partition = partition
        self.rank = rank
        self.decode = decode
        self.position = position
        self.time = LaneClock(run, position)
        self.buffer: deque[Waiting] = deque()
        self.paused = False
        self.broadcast = topic.broadcast
        self._keys: dict[bytes | str | None, str] = {}

    @property
    def clock(self) -> int:
        """Return the effective stamp of the last record read."""
        return self.time.clock

    @property
    def ended(self) -> bool:
        """Tell whether the writer said that it is done."""
        return self.time.ended

    @property
    def end(self) -> int:
        """Return the last moment of a lane that has ended."""
        return self.time.end

    def read(self, record: Record) -> None:
        """Take the next record of the log: a tick moves the clock, the rest waits its turn."""
        if self.time.ended:
            return
        place = self.time.note(record)
        if place.tick is not None or place.repeat:
            return
        offset, value, at = record.offset() or 0, record.value() or b"", place.stamp
        try:
            body = self.decode(value)
        except Unreadable as error:
            body = unreadable(error, self.topic, self.partition, offset, value, at)
        key = "" if self.broadcast else self._key(record.key())
        self.buffer.append(Waiting(at, key, self.rank, self.partition, offset, body, self.time.seq))

    def _key(self, raw: bytes | str | None) -> str:
        """Return a key as text; the same few come again and again."""
        key = self._keys.get(raw)
        if key is None:
            key = (raw or b"").decode(errors="replace") if not isinstance(raw, str) else raw
            if len(self._keys) < KEYS:
                self._keys[raw] = key
        return key

    def take(self, frontier: int, into: list[Waiting]) -> None:
        """Move everything below the frontier into a list and advance the position."""
        buffer, last = self.buffer, None
        while buffer and buffer[0].stamp < frontier:
            last = buffer.popleft()
            into.append(last)
        if last is not None:
            self.position = Position(last.offset + 1, last.stamp, last.seq)


def read_body(
    topic: Topic[Message], decode: Callable[[bytes], Message], record: Record, stamp: int
) -> Message:
    """Read a record's message; what cannot be read becomes a dead letter with the reason."""
    partition, offset = record.partition() or 0, record.offset() or 0
    return read_value(topic, decode, partition, offset, record.value() or b"", stamp)


def read_value(
    topic: Topic[Message],
    decode: Callable[[bytes], Message],
    partition: int,
    offset: int,
    value: bytes,
    stamp: int,
) -> Message:
    """Read the message at a place of the log, or make the dead letter that says why not."""
    try:
        return decode(value)
    except Unreadable as error:
        return unreadable(error, topic, partition, offset, value, stamp)


def unreadable(
    error: Unreadable,
    topic: Topic[Message],
    partition: int,
    offset: int,
    value: bytes,
    stamp: int,
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


def read_headers(record: Record, run: bytes) -> tuple[int, int | None, bytes | None]:
    """Return a record's stamp (-1 without one), seq and tick.

    Only this run's own writers say what time it is and how far they counted: headers of a
    record without this run's `run` header are ignored, or a stranger could stop the clock.
    """
    headers: Any = record.headers()
    if not headers:
        return NEVER, None, None
    # Nearly every record is a fact of ours, with its headers in the order of `record_headers`.
    if len(headers) == OURS and headers[2] == (RUN, run) and headers[3][0] != TICK:
        (first, raw_stamp), (second, raw_seq) = headers[:2]
        if first == STAMP and second == SEQ:
            stamp, seq = _number(raw_stamp), _number(raw_seq)
            return NEVER if stamp is None else stamp, seq, None
    found = dict(headers)
    if found.get(RUN) != run:
        return NEVER, None, None
    stamp, seq = _number(found.get(STAMP)), _number(found.get(SEQ))
    return NEVER if stamp is None else stamp, seq, found.get(TICK)


def _number(value: bytes | None) -> int | None:
    try:
        return None if value is None else int(value)
    except ValueError:
        return None
