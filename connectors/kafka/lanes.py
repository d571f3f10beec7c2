"""One partition of one topic as a reader sees it: effective stamps, repeats, its clock."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, cast

from confluent_kafka import Message as Record

from connectors.kafka.layout import RUN, SEQ, STAMP, TICK, TICK_END
from messages.base import Message, make_id
from messages.codec import Unreadable
from messages.control import DeadLetter
from messages.topics import Topic
from messages.units import to_datetime

MAX_PAYLOAD = 65_536
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


class Lane:
    """Reads one partition in log order and says what its clock is.

    The effective stamp of a record is the running maximum of the `stamp` headers up to it, so a
    late record is clamped, never sorted back; a record without the header (an outside
    producer's) takes the running maximum. A repeated `seq` is a repeat and is dropped.
    """

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
        self.run = run
        self.topic = topic
        self.partition = partition
        self.rank = rank
        self.decode = decode
        self.position = position
        self.clock = position.stamp
        self.seq = position.seq
        self.buffer: deque[Waiting] = deque()
        self.paused = False
        self.ended = False
        self.end = NEVER

    def read(self, record: Record) -> None:
        """Take the next record of the log: a tick moves the clock, the rest waits its turn."""
        if self.ended:
            return
        stamp, seq, tick = read_headers(record, self.run)
        self.clock = max(self.clock, stamp)
        if tick is not None:
            if tick == TICK_END:
                self.ended, self.end, self.clock = True, self.clock, FOR_EVER
            return
        if seq is not None:
            if seq <= self.seq:
                return
            self.seq = seq
        offset = record.offset() or 0
        key = (record.key() or b"").decode(errors="replace")
        self.buffer.append(
            Waiting(
                self.clock,
                "" if self.topic.broadcast else key,
                self.rank,
                self.partition,
                offset,
                self._body(record, offset),
                self.seq,
            )
        )

    def take(self, frontier: int, into: list[Waiting]) -> None:
        """Move everything below the frontier into a list and advance the position."""
        buffer, last = self.buffer, None
        while buffer and buffer[0].stamp < frontier:
            last = buffer.popleft()
            into.append(last)
        if last is not None:
            self.position = Position(last.offset + 1, last.stamp, last.seq)

    def _body(self, record: Record, offset: int) -> Message:
        value = record.value() or b""
        try:
            return self.decode(value)
        except Unreadable as error:
            return DeadLetter(
                id=make_id("dlq", self.topic.name, self.partition, offset),
                event_time=to_datetime(max(self.clock, 0)),
                reason=error.reason,
                detail=error.detail,
                topic=self.topic.name,
                partition=self.partition,
                offset=offset,
                payload=value[:MAX_PAYLOAD],
                size=len(value),
            )


def read_headers(record: Record, run: bytes) -> tuple[int, int | None, bytes | None]:
    """Return a record's stamp (-1 without one), seq and tick.

    Only this run's own writers say what time it is and how far they counted: headers of a
    record without this run's `run` header are ignored, or a stranger could stop the clock.
    """
    headers = dict(cast("list[tuple[str, bytes | None]]", record.headers() or []))
    if headers.get(RUN) != run:
        return NEVER, None, None
    stamp, seq = _number(headers.get(STAMP)), _number(headers.get(SEQ))
    return NEVER if stamp is None else stamp, seq, headers.get(TICK)


def _number(value: bytes | None) -> int | None:
    try:
        return None if value is None else int(value)
    except ValueError:
        return None
