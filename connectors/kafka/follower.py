"""Follows some of a run's topics, from their present end on or a little before it, as messages."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka import Message as Record

from connectors.kafka.headers import read_headers, stamp_of_telemetry
from connectors.kafka.layout import ADMIN_TIMEOUT_S, BrokerUnavailable, Layout
from messages.base import Message
from messages.codec import Unreadable, decoder
from messages.topics import TELEMETRY, Topic

AT_ONCE: Final = 1_000


class FollowedRecord(NamedTuple):
    """A record of the run's own.

    Attributes:
        stamp: microseconds; appended_ms: by Kafka's own time stamp.
    """

    topic: Topic[Message]
    partition: int
    offset: int
    stamp: int
    body: Message
    appended_ms: int = 0


class Follower:
    """Gives out what a run writes: no ticks, no repeats, nothing of strangers'.

    Of a topic that goes to every partition, the first one's copy is given out.

    Attributes:
        position: (topic's name with the run's prefix, partition) -> offset of the next record.
        ends: where the partitions ended when it began.
    """

    def __init__(
        self, layout: Layout, topics: Sequence[Topic[Message]], *, before: int = 0,
        timeout_s: float = ADMIN_TIMEOUT_S,
    ) -> None:  # fmt: skip
        """Go to the end of the topics.

        Args:
            layout: of the run.
            topics: to follow.
            before: records of each partition, before its end, that are given out too.
            timeout_s: seconds to wait for each answer of the broker.

        Raises:
            BrokerUnavailable: the broker does not answer, or does not have them.
        """
        self._layout = layout
        self._before = before
        self._timeout_s = timeout_s
        self.position: dict[tuple[str, int], int] = {}
        self.ends: dict[tuple[str, int], int] = {}
        self._run = layout.run_id.encode()
        self._topics = {layout.name(t): t for t in topics}
        self._seals = {name: layout.seal(t) for name, t in self._topics.items()}
        self._decode: dict[str, Callable[[bytes], Message]] = {
            name: decoder(t.schema) for name, t in self._topics.items()
        }
        self._seen: dict[tuple[str, int], int] = {}
        self._consumer = Consumer(
            layout.access.settings(
                {"group.id": "tidewire-follow", "enable.auto.commit": False, "log_level": 2}
            )
        )
        try:
            self._consumer.assign(
                [
                    self._start(t, p)
                    for t in topics
                    for p in ((0,) if t.broadcast else layout.partitions_of(t))
                ]
            )
        except KafkaException as error:
            self._consumer.close()
            reason = f"The broker at {layout.bootstrap} does not answer: {error.args[0].str()}"
            raise BrokerUnavailable(reason) from error

    def read(self, timeout_s: float) -> list[FollowedRecord]:
        """Return what is new, waiting for the first of it.

        Args:
            timeout_s: seconds to wait at most.
        """
        found = []
        first = self._consumer.poll(timeout_s)  # `consume` would wait until it has them all
        if first is None:
            return []
        for record in (first, *self._consumer.consume(AT_ONCE, 0)):
            if record.error() is not None:
                continue  # librdkafka goes on by itself once the broker is back
            name, partition = record.topic() or "", record.partition() or 0
            self.position[name, partition] = (record.offset() or 0) + 1
            stamp = self._told_at(record, name, partition)
            if stamp is None:
                continue
            try:
                body = self._decode[name](record.value() or b"")
            except Unreadable:
                continue  # the flow that reads it says why, on its dead letters
            offset = record.offset() or 0
            found.append(
                FollowedRecord(
                    self._topics[name], partition, offset, stamp, body, record.timestamp()[1]
                )
            )
        return found

    def _told_at(self, record: Record, name: str, partition: int) -> int | None:
        """Return the stamp of a record that is told; None for a tick, a repeat, a stranger's."""
        if self._topics[name] in TELEMETRY:
            return stamp_of_telemetry(record, self._run)
        stamp, seq, tick = read_headers(record, self._run, self._seals[name])
        if tick is not None or seq is None or seq <= self._seen.get((name, partition), -1):
            return None
        self._seen[name, partition] = seq
        return stamp

    def answers(self) -> bool:
        """Ask the broker for something; tells whether it answers within the time."""
        (name, partition), _ = next(iter(self.position.items()))
        at = TopicPartition(name, partition)
        try:
            self._consumer.get_watermark_offsets(at, timeout=self._timeout_s)
        except KafkaException:
            return False
        return True

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _start(self, topic: Topic[Message], partition: int) -> TopicPartition:
        name = self._layout.name(topic)
        at = TopicPartition(name, partition)
        low, end = self._consumer.get_watermark_offsets(at, timeout=self._timeout_s)
        start = max(low, end - self._before)
        self.ends[name, partition] = end
        self.position[name, partition] = start
        return TopicPartition(name, partition, start)
