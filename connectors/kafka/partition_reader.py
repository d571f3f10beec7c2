"""One partition of one topic as a reader sees it: headers, repeats, keys, messages."""

from collections.abc import Callable
from typing import Final

from confluent_kafka import Message as Record

from connectors.kafka.arrivals import Arrivals
from connectors.kafka.headers import Seal
from messages.base import MAX_PAYLOAD, Message, make_id
from messages.codec import Unreadable
from messages.control import DeadLetter
from messages.topics import RAW, Topic
from messages.units import to_datetime
from operators.merge import Partition

FORGED: Final = ("FORGED", "the record lacks this run's headers, and nobody else writes here")
KEYS: Final = 10_000  # texts of keys kept per partition
Decode = Callable[[bytes], Message]


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
