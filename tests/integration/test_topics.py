"""Topics on a real broker: made once, with their partitions, and kept for ever."""

import time
from dataclasses import replace

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from connectors.kafka.headers import read_headers
from connectors.kafka.layout import Layout, create_topics
from messages.topics import EVERY_TOPIC, MARKET_BARS, RAW
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]


def test_topics_are_made_once_and_never_forget_by_time(layout: Layout) -> None:
    create_topics(layout, EVERY_TOPIC)
    producer = Producer(layout.access.settings())
    producer.produce(layout.name(MARKET_BARS), b"x", b"k", 0)
    assert producer.flush(60) == 0
    create_topics(layout, EVERY_TOPIC)
    admin = AdminClient(layout.access.settings())
    there = admin.list_topics(timeout=60).topics
    for topic in EVERY_TOPIC:
        assert len(there[layout.name(topic)].partitions) == len(layout.partitions_of(topic))
    resource = ConfigResource(ResourceType.TOPIC, layout.name(MARKET_BARS))
    config = admin.describe_configs([resource])[resource].result(60)
    assert config["retention.ms"].value == "-1"


def time_types(layout: Layout) -> dict[str, str]:
    admin = AdminClient(layout.access.settings())
    resources = [ConfigResource(ResourceType.TOPIC, layout.name(t)) for t in EVERY_TOPIC]
    kinds: dict[str, str] = {}

    def told() -> bool:
        for resource, future in admin.describe_configs(resources).items():
            try:
                kind = future.result(60)["message.timestamp.type"].value
            except KafkaException:  # a new topic is not known everywhere at once
                return False
            kinds[resource.name.removeprefix(layout.prefix)] = kind
        return True

    eventually(told, what="every topic's settings")
    return kinds


@pytest.mark.parametrize("before", [False, True], ids=["new", "of an earlier version"])
def test_a_live_run_s_raw_topics_keep_when_the_broker_appends(layout: Layout, before: bool) -> None:
    if before:
        create_topics(layout, EVERY_TOPIC)
        assert set(time_types(layout).values()) == {"CreateTime"}
    create_topics(replace(layout, live=True), EVERY_TOPIC)
    found = time_types(layout)
    assert {name for name, kind in found.items() if kind == "LogAppendTime"} == {
        topic.name for topic in RAW
    }
    producer = Producer(layout.access.settings())
    producer.produce(layout.name(MARKET_BARS), b"x", b"k", 0, timestamp=1_000)
    assert producer.flush(60) == 0
    reader = Consumer(layout.access.settings({"group.id": "time"}))
    reader.assign([TopicPartition(layout.name(MARKET_BARS), 0, 0)])
    record = reader.poll(60)
    reader.close()
    assert record is not None
    stamp, seq, tick = read_headers(record, layout.run_id.encode())
    assert (seq, tick) == (None, None)
    assert abs(stamp / 1e6 - time.time()) < 120
