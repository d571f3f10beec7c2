"""How far a run's topics are: the facts in each, and when the newest was appended.

A tick says what time it is and is no fact: quiet topics hold hardly anything else. So offsets tell
nothing, and the records are read: once the newest of each partition, then what is new.
"""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Record
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from connectors.kafka.headers import Seal, read_headers, stamp_of_telemetry
from connectors.kafka.layout import BrokerUnavailable, Layout
from messages.base import Message
from messages.topics import RAW, TELEMETRY, Topic

ANSWER_S: Final = 5.0
AT_ONCE: Final = 5_000
BEFORE: Final = 20_000  # records of a partition that are looked through at first
FETCHED_KIB: Final = 4_096  # wait in this process between two looks
Place = tuple[str, int]


class Level(NamedTuple):
    """One topic's level.

    Attributes:
        records: facts that were ever appended, over all partitions, without ticks and repeats: by
            the run's own count, and of outsiders' those that were met. None while nothing but
            ticks was met, and not all of them.
        newest: when the newest fact that was met was appended, by its time stamp, UTC; None without
            one.
        met: facts that came after the first look.
    """

    records: int | None
    newest: datetime | None
    met: int


class _Partition:
    """What is known of one partition: its next offset, the run's last count, and the rest."""

    def __init__(
        self, topic: Topic[Message], seal: Seal | None, offset: int, end: int, *, whole: bool
    ) -> None:  # fmt: skip
        self.next, self._looked = offset, end
        self._topic, self._seal, self._whole = topic, seal, whole
        self._seq, self._others = -1, 0
        self.newest_ms, self.met = 0, 0

    @property
    def records(self) -> int | None:
        known = self._whole or self._seq >= 0 or self._others
        return self._seq + 1 + self._others if known else None

    def take(self, record: Record, run: bytes) -> None:
        """Take the record at an offset; ticks and repeats are no facts."""
        offset = record.offset() or 0
        self.next = offset + 1
        if self._is_fact(record, run):
            self.newest_ms = max(self.newest_ms, record.timestamp()[1])
            self.met += offset >= self._looked

    def _is_fact(self, record: Record, run: bytes) -> bool:
        if self._topic in TELEMETRY:
            ours = stamp_of_telemetry(record, run) is not None
            self._others += ours
            return ours
        _, seq, tick = read_headers(record, run, self._seal)
        if tick is not None or (seq is not None and seq <= self._seq):
            return False
        if seq is not None:
            self._seq = seq
            return True
        self._others += self._topic in RAW  # elsewhere the run alone may write
        return self._topic in RAW


class Levels:
    """Follows all topics; each look reads what has come since the one before."""

    def __init__(
        self, layout: Layout, topics: Iterable[Topic[Message]], before: int = BEFORE
    ) -> None:  # fmt: skip
        """Take the topics; nothing is asked yet.

        Args:
            layout: of the run.
            topics: to look at; of one that goes to every partition, the first one's copy counts.
            before: records of each partition that the first look reads; what lies before them is
                known by the run's own count.
        """
        self._layout, self._before = layout, before
        self._run = layout.run_id.encode()
        self._topics = {layout.name(t): t for t in topics}
        self._places = [
            (layout.name(t), p)
            for t in self._topics.values()
            for p in ((0,) if t.broadcast else layout.partitions_of(t))
        ]
        self._admin: AdminClient | None = None
        self._consumer: Consumer | None = None
        self._partitions: dict[Place, _Partition] = {}

    def read(self) -> dict[str, Level]:
        """Return the level of each topic, by its name without the run's prefix.

        Raises:
            BrokerUnavailable: the broker does not answer within five seconds.
        """
        try:
            if self._consumer is None:
                self._consumer = self._begin()
            self._catch_up(self._consumer)
        except KafkaException as error:
            raise _away(error.args[0].str()) from error
        found = {topic.name: Level(0, None, 0) for topic in self._topics.values()}
        for (name, _), partition in self._partitions.items():
            topic = self._topics[name].name
            before, millis = found[topic], partition.newest_ms
            moment = datetime.fromtimestamp(millis / 1_000, UTC) if millis > 0 else None
            known = [each for each in (before.newest, moment) if each is not None]
            records = _sum(before.records, partition.records)
            met = before.met + partition.met
            found[topic] = Level(records, max(known, default=None), met)
        return found

    def close(self) -> None:
        """Leave the broker."""
        if self._consumer is not None:
            self._consumer.close()

    def _begin(self) -> Consumer:
        more: dict[str, Any] = {
            "group.id": "tidewire-levels", "enable.auto.commit": False, "log_level": 2,
            "enable.partition.eof": True, "auto.offset.reset": "earliest",
            "queued.max.messages.kbytes": FETCHED_KIB,
        }  # fmt: skip
        lows = self._offsets(OffsetSpec.earliest())  # type: ignore[no-untyped-call]
        ends = self._offsets(OffsetSpec.latest())  # type: ignore[no-untyped-call]
        self._partitions = {
            place: self._partition(self._topics[place[0]], lows[place], end)
            for place, end in ends.items()
        }
        consumer = Consumer(self._layout.access.settings(more))
        consumer.assign(
            [TopicPartition(*place, known.next) for place, known in self._partitions.items()]
        )
        return consumer

    def _partition(self, topic: Topic[Message], low: int, end: int) -> _Partition:
        start = max(low, end - self._before)
        return _Partition(topic, self._layout.seal(topic), start, end, whole=start == 0)

    def _catch_up(self, consumer: Consumer) -> None:
        """Read to where the partitions end now; each says so once it is through."""
        ends = self._offsets(OffsetSpec.latest())  # type: ignore[no-untyped-call]
        left = {p: end for p, end in ends.items() if self._partitions[p].next < end}
        heard = time.monotonic()
        while left:
            records = consumer.consume(AT_ONCE, 0.1)
            for record in records:
                place = (record.topic() or "", record.partition() or 0)
                self._take(place, record)
            left = {p: end for p, end in left.items() if self._partitions[p].next < end}
            if records:
                heard = time.monotonic()
            elif time.monotonic() - heard > ANSWER_S:
                reason = "it gives no records"
                raise _away(reason)

    def _offsets(self, spec: OffsetSpec) -> dict[Place, int]:
        """Return an offset of each partition, asked for in one request."""
        wanted = dict.fromkeys((TopicPartition(*place) for place in self._places), spec)
        if self._admin is None:
            self._admin = AdminClient(self._layout.access.settings({"log_level": 2}))
        futures = self._admin.list_offsets(wanted, request_timeout=ANSWER_S)
        return {(at.topic, at.partition): found.result().offset for at, found in futures.items()}

    def _take(self, place: Place, record: Record) -> None:
        error, known = record.error(), self._partitions[place]
        if error is None:
            known.take(record, self._run)
        elif error.code() == KafkaError._PARTITION_EOF:  # behind what is no record for anybody
            known.next = max(known.next, record.offset() or 0)


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _away(why: str) -> BrokerUnavailable:
    return BrokerUnavailable(f"The broker does not say how its topics are: {why}")
