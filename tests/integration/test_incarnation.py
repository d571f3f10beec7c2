"""What was done to a run's topics, on a real broker."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewPartitions

from connectors.kafka.access import Access
from connectors.kafka.incarnation import TopicsChanged, see_that_same
from connectors.kafka.layout import BrokerUnavailable, Layout, create_topics
from messages.topics import MARKET_BARS, NEWS_RAW, TRADE_DECISIONS
from stack.home import free_port
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(200)]
TOPICS = (MARKET_BARS, NEWS_RAW, TRADE_DECISIONS)


def delete(admin: AdminClient, layout: Layout) -> None:
    name = layout.name(MARKET_BARS)
    admin.delete_topics([name])[name].result()
    eventually(lambda: name not in admin.list_topics(timeout=60).topics)


def make_anew(admin: AdminClient, layout: Layout) -> None:
    delete(admin, layout)

    def made() -> bool:  # a deletion is not over everywhere at once
        try:
            create_topics(layout, TOPICS)
        except BrokerUnavailable:
            return False
        return layout.name(MARKET_BARS) in admin.list_topics(timeout=60).topics

    eventually(made)


def add_a_partition(admin: AdminClient, layout: Layout) -> None:
    name = layout.name(MARKET_BARS)
    admin.create_partitions([NewPartitions(name, layout.partitions + 1)])[name].result()


def compact(admin: AdminClient, layout: Layout) -> None:
    entry = ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.SET)
    change = ConfigResource(
        ResourceType.TOPIC, layout.name(MARKET_BARS), incremental_configs=[entry]
    )
    for future in admin.incremental_alter_configs([change]).values():
        future.result()


def test_topics_that_nobody_touched_are_the_same(layout: Layout) -> None:
    create_topics(layout, TOPICS)
    ids = see_that_same(layout, TOPICS, {})
    assert set(ids) == {layout.name(topic) for topic in TOPICS}
    assert len(set(ids.values())) == len(TOPICS)
    assert see_that_same(layout, TOPICS, ids) == ids


@pytest.mark.parametrize(
    ("do", "said"),
    [
        (make_anew, r"market\.bars was deleted and made anew"),
        (add_a_partition, r"market\.bars has \d+ partitions, and the run reads \d+"),
        (compact, r"market\.bars is compacted"),
    ],
)
def test_what_was_done_is_named(
    layout: Layout, do: Callable[[AdminClient, Layout], None], said: str
) -> None:
    create_topics(layout, TOPICS)
    ids = see_that_same(layout, TOPICS, {})
    do(AdminClient(layout.access.settings()), layout)

    def refused() -> str:  # a change is not known everywhere at once
        try:
            see_that_same(layout, TOPICS, ids)
        except TopicsChanged as error:
            return str(error)
        return ""

    words = eventually(refused)
    with pytest.raises(TopicsChanged, match=said):
        raise TopicsChanged(words)
    assert "begin a new run" in words


def test_a_topic_that_is_gone_is_named(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.kafka.incarnation.ADMIN_TIMEOUT_S", 2.0)
    create_topics(layout, TOPICS)
    ids = see_that_same(layout, TOPICS, {})
    delete(AdminClient(layout.access.settings()), layout)
    with pytest.raises(TopicsChanged, match=r"market\.bars is gone"):
        see_that_same(layout, TOPICS, ids)


def test_a_broker_that_is_away_is_said(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.kafka.incarnation.ADMIN_TIMEOUT_S", 1.0)
    away = replace(layout, access=Access(f"127.0.0.1:{free_port()}"))
    with pytest.raises((BrokerUnavailable, KafkaException), match="does not tell"):
        see_that_same(away, TOPICS, {})
