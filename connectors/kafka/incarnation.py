"""The incarnation of a run's topics: whether they are those that it wrote, and whole.

Kafka gives each topic an id of its own when it is made (KIP-516). A topic of the same name and of
another id was deleted and made anew: its offsets mean other records, or none.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from connectors.kafka.layout import ADMIN_TIMEOUT_S, LOOK_AGAIN_S, BrokerUnavailable, Layout
from messages.base import Message
from messages.errors import TidewireError
from messages.topics import Topic

POLICY: Final = "cleanup.policy"
COMPACT: Final = "compact"


class TopicsChanged(TidewireError, RuntimeError):
    """A run's topics are not those that it wrote, or lose or hide records.

    Operator action: see the message.
    """


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as the broker has it; its name is the whole one."""

    name: str
    id: str
    partitions: int
    compacted: bool


def incarnation(layout: Layout, topics: Iterable[Topic[Message]]) -> dict[str, Found]:
    """Return a run's topics as the broker has them, those that it lacks left out.

    Raises:
        BrokerUnavailable: it does not answer within 30 seconds.
    """
    names = [layout.name(topic) for topic in topics]
    admin = AdminClient(layout.access.settings({"log_level": 2}))
    try:
        told = admin.describe_topics(TopicCollection(names), request_timeout=ADMIN_TIMEOUT_S)
        there = {}
        for name, future in told.items():
            try:
                there[name] = future.result()
            except KafkaException as error:
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in there]
        configs = admin.describe_configs(resources, request_timeout=ADMIN_TIMEOUT_S)
        policies = {r.name: future.result()[POLICY].value for r, future in configs.items()}
    except KafkaException as error:
        reason = f"{layout.bootstrap} does not tell of its topics ({error.args[0].str()})"
        raise BrokerUnavailable(reason) from error
    return {
        name: Found(name, str(topic.topic_id), len(topic.partitions), COMPACT in policies[name])
        for name, topic in there.items()
    }


def changes(
    layout: Layout, topics: Iterable[Topic[Message]], found: Mapping[str, Found],
    known: Mapping[str, str],
) -> list[str]:  # fmt: skip
    """Return what is amiss with a run's topics, a sentence each.

    Args:
        layout: of the run.
        topics: of it.
        found: as the broker has them.
        known: topic -> the id that it had when the run began, or last went on; empty: not known.
    """
    said = []
    for topic in topics:
        name, wanted = layout.name(topic), len(layout.partitions_of(topic))
        there = found.get(name)
        if there is None:
            said.append(f"{name} is gone")
            continue
        if known.get(name, there.id) != there.id:
            said.append(f"{name} was deleted and made anew")
        if there.partitions != wanted:
            said.append(f"{name} has {there.partitions} partitions, and the run reads {wanted}")
        if there.compacted:
            said.append(f"{name} is compacted: of each key Kafka forgets all but the newest")
    return said


def see_that_same(
    layout: Layout, topics: Iterable[Topic[Message]], known: Mapping[str, str]
) -> dict[str, str]:  # fmt: skip
    """Return the ids of a run's topics, once they are seen to be those that it wrote.

    Raises:
        TopicsChanged: they are not.
        BrokerUnavailable: the broker does not answer.
    """
    topics = list(topics)
    deadline = time.monotonic() + ADMIN_TIMEOUT_S
    found = incarnation(layout, topics)
    while len(found) < len(topics) and time.monotonic() < deadline:
        time.sleep(LOOK_AGAIN_S)  # a new topic is not known everywhere at once
        found = incarnation(layout, topics)
    if amiss := changes(layout, topics, found, known):
        more = f"; and {len(amiss) - 3} more" if len(amiss) > 3 else ""
        reason = (
            f"The topics of run {layout.run_id} are not those that it wrote: "
            f"{'; '.join(amiss[:3])}{more}. Put them back as they were, or begin a new run with "
            "`tidewire up --run NAME`; what this one archived stays."
        )
        raise TopicsChanged(reason)
    return {name: topic.id for name, topic in found.items()}
