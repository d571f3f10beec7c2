"""Follows some of a run's topics from their present end on: what is new, as messages."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from connectors.kafka.headers import read_headers
from connectors.kafka.layout import ADMIN_TIMEOUT_S, BrokerUnavailable, Layout
from messages.base import Message
from messages.codec import Unreadable, decoder
from messages.topics import Topic

AT_ONCE: Final = 1_000


class FollowedRecord(NamedTuple):
    """A record of the run's own.

    Attributes:
        stamp: microseconds.
    """

    topic: Topic[Message]
    partition: int
    offset: int
    stamp: int
    body: Message


class Follower:
    """Gives out what a run writes from now on: no ticks, no repeats, nothing of strangers'."""

    def __init__(self, layout: Layout, topics: Sequence[Topic[Message]]) -> None:
        """Go to the end of the topics.

        Raises:
            BrokerUnavailable: the broker does not answer, or does not have them.
        """
        self._layout = layout
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
                [self._end(t, p) for t in topics for p in layout.partitions_of(t)]
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
        for record in self._consumer.consume(AT_ONCE, timeout_s):
            if record.error() is not None:
                continue  # librdkafka goes on by itself once the broker is back
            name, partition = record.topic() or "", record.partition() or 0
            stamp, seq, tick = read_headers(record, self._run, self._seals[name])
            if tick is not None or seq is None or seq <= self._seen.get((name, partition), -1):
                continue
            self._seen[name, partition] = seq
            try:
                body = self._decode[name](record.value() or b"")
            except Unreadable:
                continue  # the flow that reads it says why, on its dead letters
            offset = record.offset() or 0
            found.append(FollowedRecord(self._topics[name], partition, offset, stamp, body))
        return found

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _end(self, topic: Topic[Message], partition: int) -> TopicPartition:
        name = self._layout.name(topic)
        at = TopicPartition(name, partition)
        _, end = self._consumer.get_watermark_offsets(at, timeout=ADMIN_TIMEOUT_S)
        return TopicPartition(name, partition, end)
