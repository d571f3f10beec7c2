"""One partition of one topic as a reader sees it: headers, repeats, keys, messages."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME
from confluent_kafka import Message as Record

from connectors.kafka.layout import RUN, SEQ, STAMP, TICK, TICK_END
from messages.base import MAX_PAYLOAD, Message, make_id
from messages.codec import Unreadable
from messages.control import DeadLetter
from messages.topics import Topic
from messages.units import to_datetime
from operators.merge import NO_STAMP, Clock, Partition

KEYS: Final = 10_000  # texts of keys kept per partition
Decode = Callable[[bytes], Message]


class Arrival(NamedTuple):
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


def note(record: Record, run: bytes, clock: Clock) -> Arrival:
    """Advance a partition's clock by the next record of its log, and say what the record is.

    A record without this run's headers (an outside producer's) takes the moment of its append,
    where the log keeps it, or the running maximum.
    """
    stamp, seq, tick = read_headers(record, run)
    if tick is not None:
        clock.tick(stamp, last=tick == TICK_END)
        return Arrival(clock.end if clock.ended else clock.now, seq, tick, repeat=False)
    repeat = not clock.advance(stamp, seq)
    return Arrival(clock.now, seq, None, repeat)


class PartitionReader:
    """Reads the records of one partition in log order into the merge."""

    __slots__ = ("_broadcast", "_decode", "_keys", "_run", "partition", "topic")

    def __init__(
        self, topic: Topic[Message], partition: Partition, decode: Decode, run: bytes
    ) -> None:
        """Take the topic's decoder and the partition's place in the merge."""
        self.topic = topic
        self.partition = partition
        self._decode = decode
        self._run = run
        self._broadcast = topic.broadcast
        self._keys: dict[bytes | str | None, str] = {}

    def read(self, record: Record) -> None:
        """Take the next record of the log: a tick moves the clock, the rest waits its turn."""
        partition = self.partition
        clock = partition.clock
        if clock.ended:
            return
        stamp, seq, tick = read_headers(record, self._run)
        if tick is not None:
            clock.tick(stamp, last=tick == TICK_END)
            return
        if not clock.advance(stamp, seq):
            return
        offset, value = record.offset() or 0, record.value() or b""
        try:
            body = self._decode(value)
        except Unreadable as error:
            body = unreadable(error, self.topic, partition.number, offset, value, clock.now)
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


def read_value(
    topic: Topic[Message], decode: Decode, partition: int, offset: int, value: bytes, stamp: int
) -> Message:
    """Read the message at a place of the log, or make the dead letter that says why not."""
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


def read_headers(record: Record, run: bytes) -> tuple[int, int | None, bytes | None]:
    """Return a record's stamp (NO_STAMP without one), seq and tick.

    Only this run's own writers say what time it is and how far they counted: headers of a
    record without this run's `run` header are ignored, or a stranger could stop the clock. Such a
    record has the moment at which the broker appended it, where its topic keeps that (a live run's
    topics that outsiders write): it is the broker's word, it lies in the log, and so it is the same
    in a replay, and after a restart of whoever ticks.
    """
    headers: Any = record.headers()
    try:
        # Nearly every record is a fact of ours, with its headers in the order of `RecordHeaders`.
        (first, raw_stamp), (second, raw_seq), (third, whose), (fourth, _) = headers
        if whose == run and first == STAMP and second == SEQ and third == RUN and fourth != TICK:
            return int(raw_stamp), int(raw_seq), None
    except (TypeError, ValueError):  # more or fewer headers, or no numbers
        pass
    named = dict(headers or ())
    if named.get(RUN) != run:
        return _appended(record), None, None
    stamp, seq = _number(named.get(STAMP)), _number(named.get(SEQ))
    return NO_STAMP if stamp is None else stamp, seq, named.get(TICK)


def _appended(record: Record) -> int:
    """Return when the broker appended a record, microseconds; NO_STAMP where it does not say."""
    kind, millis = record.timestamp()
    return millis * 1_000 if kind == TIMESTAMP_LOG_APPEND_TIME else NO_STAMP


def _number(value: bytes | None) -> int | None:
    try:
        return None if value is None else int(value)
    except ValueError:
        return None
