"""Where things are on the broker: names with the run's prefix, partition counts, headers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from messages.base import Message
from messages.errors import TidewireError
from messages.topics import Topic, partition_of

STAMP: Final = "stamp"
SEQ: Final = "seq"
RUN: Final = "run"
TICK: Final = "tick"
TICK_PASS: Final = b"1"
TICK_END: Final = b"end"
ADMIN_TIMEOUT_S: Final = 30.0
# Time alone deletes nothing: what is archived and old enough is trimmed (see `trimming.py`).
FOR_EVER_MS: Final = -1


class BrokerUnavailable(TidewireError, RuntimeError):
    """The broker does not answer. Operator action: start it, or correct TIDEWIRE_BOOTSTRAP."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One run's place on a broker.

    Attributes:
        bootstrap: host:port of the broker.
        run_id: written to every record's `run` header.
        prefix: put before every topic name.
        partitions: of topics keyed by ticker or article, and of broadcast topics.
    """

    bootstrap: str
    run_id: str
    prefix: str
    partitions: int

    def name(self, topic: Topic[Message]) -> str:
        """Return the topic's full name on the broker."""
        return f"{self.prefix}{topic.name}"

    def partitions_of(self, topic: Topic[Message]) -> range:
        """Return all partitions of a topic."""
        return range(1 if topic.single else self.partitions)

    def targets(self, topic: Topic[Message], key: str, own: range) -> Iterable[int]:
        """Return the partitions, out of those a writer owns, that a record goes to."""
        if topic.broadcast:
            return own
        if len(own) == 1:
            return own
        return (partition_of(key.encode(), len(self.partitions_of(topic))),)


def create_topics(layout: Layout, topics: Iterable[Topic[Message]]) -> None:
    """Create what is missing; leaves what is there alone.

    Raises:
        BrokerUnavailable: no answer within 30 seconds.
    """
    admin = AdminClient({"bootstrap.servers": layout.bootstrap, "log_level": 2})
    new = [
        NewTopic(
            layout.name(topic),
            num_partitions=len(layout.partitions_of(topic)),
            replication_factor=1,
            config={"retention.ms": str(FOR_EVER_MS), "max.message.bytes": "1048588"},
        )
        for topic in topics
    ]
    futures = admin.create_topics(
        new, operation_timeout=ADMIN_TIMEOUT_S, request_timeout=ADMIN_TIMEOUT_S
    )
    for name, future in futures.items():
        try:
            future.result()  # ended by request_timeout; one of its own would race with that
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                reason = (
                    f"Cannot create topic {name} at {layout.bootstrap}: {error.args[0].str()}. "
                    "Start the broker, or correct TIDEWIRE_BOOTSTRAP."
                )
                raise BrokerUnavailable(reason) from error


def delete_topics(bootstrap: str, prefix: str) -> int:
    """Delete every topic of a prefix; returns how many there were.

    Args:
        bootstrap: host:port of the broker.
        prefix: of a run's topics, its dot included; never empty.

    Raises:
        BrokerUnavailable: no answer within 30 seconds.
        KafkaException: the broker refuses.
    """
    if not prefix.endswith("."):
        reason = f"{prefix!r} is no prefix of a run's topics"
        raise ValueError(reason)
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    try:
        every = admin.list_topics(timeout=ADMIN_TIMEOUT_S).topics
    except KafkaException as error:
        reason = f"the broker at {bootstrap} does not answer: {error.args[0].str()}"
        raise BrokerUnavailable(reason) from error
    names = [name for name in every if name.startswith(prefix)]
    if names:
        for future in admin.delete_topics(names, request_timeout=ADMIN_TIMEOUT_S).values():
            future.result()
    return len(names)
