"""Where things are on the broker: names with the run's prefix, partition counts, headers."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewTopic

from connectors.kafka.access import Access
from connectors.kafka.headers import Seal
from messages.base import Message
from messages.errors import TidewireError
from messages.flows import TABLES, FlowTable, Mode
from messages.topics import RAW, Topic, partition_of

ADMIN_TIMEOUT_S: Final = 30.0
LOOK_AGAIN_S: Final = 0.05
# Time alone deletes nothing: what is archived and old enough is trimmed (see `trimming.py`).
FOR_EVER_MS: Final = -1
TIME_TYPE: Final = "message.timestamp.type"
APPEND_TIME: Final = "LogAppendTime"


class TimeUnsuitable(TidewireError, RuntimeError):
    """A live run's raw topic does not keep the moment of each append.

    Operator action: set `message.timestamp.type` of the named topic to LogAppendTime.
    """


class BrokerUnavailable(TidewireError, RuntimeError):
    """The broker does not answer. Operator action: start it, or correct TIDEWIRE_BOOTSTRAP."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One run's place on a broker.

    Attributes:
        access: the way to the broker.
        run_id: written to every record's `run` header.
        prefix: put before every topic name.
        partitions: of topics keyed by ticker or article, and of broadcast topics.
        live: the wall clock is the run's: records of outsiders have the moment of their append.
        secret: of the run, for the seals on topics that outsiders write too; empty: no seals.
        replicas: copies of each partition of a new topic.
        in_sync: copies that must have a record before its writer goes on.
        mode: of the run's flows.
    """

    access: Access
    run_id: str
    prefix: str
    partitions: int
    live: bool = False
    secret: str = field(default="", repr=False)
    replicas: int = 1
    in_sync: int = 1
    mode: Mode = "paper"

    @property
    def flows(self) -> FlowTable:
        """Return the flows of the run."""
        return TABLES[self.mode]

    @property
    def bootstrap(self) -> str:
        """Return host:port of the broker."""
        return self.access.bootstrap

    def name(self, topic: Topic[Message]) -> str:
        """Return the topic's full name on the broker."""
        return f"{self.prefix}{topic.name}"

    def seal(self, topic: Topic[Message]) -> Seal | None:
        """Return what seals the run's records on a topic; None where nobody else writes."""
        return Seal(self.secret, self.name(topic)) if self.secret and topic in RAW else None

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
    """Create what is missing; what is there stays, but for the time that a live run's need.

    Raises:
        BrokerUnavailable: no answer within 30 seconds.
        TimeUnsuitable: the broker does not stamp a live run's raw topics when it appends.
    """
    topics = list(topics)
    admin = AdminClient(layout.access.settings({"log_level": 2}))
    new = [
        NewTopic(
            layout.name(topic),
            num_partitions=len(layout.partitions_of(topic)),
            replication_factor=layout.replicas,
            config=_config(layout, topic),
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
                what = f"Cannot create topic {name} at {layout.bootstrap}: {error.args[0].str()}"
                reason = f"{what}. {_advice(error)}"
                raise BrokerUnavailable(reason) from error
    if layout.live:
        _stamp_at_append(admin, [layout.name(topic) for topic in topics if topic in RAW])


def _config(layout: Layout, topic: Topic[Message]) -> dict[str, str]:
    """Return the configuration of a new topic."""
    config = {"retention.ms": str(FOR_EVER_MS), "max.message.bytes": "1048588"}
    if layout.live and topic in RAW:
        config[TIME_TYPE] = APPEND_TIME
    if layout.in_sync > 1:
        config["min.insync.replicas"] = str(layout.in_sync)
    return config


def _advice(error: KafkaException) -> str:
    """Return what to do about a topic that cannot be made."""
    code = error.args[0].code()
    if code == KafkaError.INVALID_REPLICATION_FACTOR:
        return "Give the cluster more brokers, or lower TIDEWIRE_KAFKA__REPLICATION_FACTOR."
    if code in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED):
        return "Give the settings' principal the rights that docs/kafka.md lists."
    return "Start the broker, or correct TIDEWIRE_BOOTSTRAP and TIDEWIRE_KAFKA__*."


def _stamp_at_append(admin: AdminClient, names: list[str]) -> None:
    """See that topics keep the moment of each append; those of earlier versions are changed."""
    resources = {name: ConfigResource(ResourceType.TOPIC, name) for name in names}
    wrong = _not_at_append(admin, resources)
    for name in wrong:
        entry = ConfigEntry(TIME_TYPE, APPEND_TIME, incremental_operation=AlterConfigOpType.SET)
        change = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
        for future in admin.incremental_alter_configs(
            [change], request_timeout=ADMIN_TIMEOUT_S
        ).values():
            try:
                future.result()
            except KafkaException as error:
                raise TimeUnsuitable(_unsuitable(name, error.args[0].str())) from error
    deadline = time.monotonic() + ADMIN_TIMEOUT_S
    while wrong and (wrong := _not_at_append(admin, resources)):
        if time.monotonic() > deadline:
            raise TimeUnsuitable(_unsuitable(wrong[0], "it stays as it is"))
        time.sleep(LOOK_AGAIN_S)  # a change is not known everywhere at once


def _not_at_append(admin: AdminClient, resources: dict[str, ConfigResource]) -> list[str]:
    """Return the topics that do not keep it; a new topic is not known everywhere at once."""
    deadline = time.monotonic() + ADMIN_TIMEOUT_S
    while True:
        found = admin.describe_configs(list(resources.values()), request_timeout=ADMIN_TIMEOUT_S)
        try:
            types = {r.name: f.result()[TIME_TYPE].value for r, f in found.items()}
        except KafkaException as error:
            unknown = error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART
            if not unknown or time.monotonic() > deadline:
                reason = f"the broker does not say how its topics are: {error.args[0].str()}"
                raise BrokerUnavailable(reason) from error
            time.sleep(LOOK_AGAIN_S)
        else:
            return sorted(name for name, kind in types.items() if kind != APPEND_TIME)


def _unsuitable(name: str, why: str) -> str:
    return (
        f"Topic {name} does not keep when the broker appends ({why}): set its {TIME_TYPE} to "
        f"{APPEND_TIME}, as a live run takes the time of outsiders' records from there."
    )


def delete_topics(access: Access, prefix: str) -> int:
    """Delete every topic of a prefix; returns how many there were.

    Args:
        access: the way to the broker.
        prefix: of a run's topics, its dot included; never empty.

    Raises:
        BrokerUnavailable: no answer within 30 seconds.
        KafkaException: the broker refuses.
    """
    if not prefix.endswith("."):
        reason = f"{prefix!r} is no prefix of a run's topics"
        raise ValueError(reason)
    admin = AdminClient(access.settings({"log_level": 2}))
    try:
        every = admin.list_topics(timeout=ADMIN_TIMEOUT_S).topics
    except KafkaException as error:
        reason = f"the broker at {access.bootstrap} does not answer: {error.args[0].str()}"
        raise BrokerUnavailable(reason) from error
    names = [name for name in every if name.startswith(prefix)]
    if names:
        for future in admin.delete_topics(names, request_timeout=ADMIN_TIMEOUT_S).values():
            future.result()
    return len(names)
