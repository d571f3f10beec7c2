"""Topics on a real broker: made once, with their partitions, and kept for ever."""

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from connectors.kafka.layout import Layout, create_topics
from messages.topics import EVERY_TOPIC, MARKET_BARS

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]


def test_topics_are_made_once_and_never_forget_by_time(layout: Layout) -> None:
    create_topics(layout, EVERY_TOPIC)
    producer = Producer({"bootstrap.servers": layout.bootstrap})
    producer.produce(layout.name(MARKET_BARS), b"x", b"k", 0)
    assert producer.flush(60) == 0
    create_topics(layout, EVERY_TOPIC)
    admin = AdminClient({"bootstrap.servers": layout.bootstrap})
    there = admin.list_topics(timeout=60).topics
    for topic in EVERY_TOPIC:
        assert len(there[layout.name(topic)].partitions) == len(layout.partitions_of(topic))
    resource = ConfigResource(ResourceType.TOPIC, layout.name(MARKET_BARS))
    config = admin.describe_configs([resource])[resource].result(60)
    assert config["retention.ms"].value == "-1"
