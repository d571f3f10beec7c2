"""The look at a run's topics once a minute: what is new is said once."""

from pathlib import Path

import pytest

from connectors.kafka.incarnation import Found
from connectors.kafka.layout import BrokerUnavailable, Layout
from messages.topics import EVERY_TOPIC
from stack.runtime import topic_watch
from stack.runtime.topic_watch import TopicWatch
from tests.unit.connectors.test_runs import run
from tests.waiting import eventually


class Broker:
    """What the broker says of a run's topics, by the test's wish."""

    def __init__(self) -> None:
        self.extra = 0
        self.away = False
        self.asked = 0

    def told(self, layout: Layout, _topics: object) -> dict[str, Found]:
        self.asked += 1
        if self.away:
            reason = "away"
            raise BrokerUnavailable(reason)
        return {
            (name := layout.name(topic)): Found(
                name, "id", len(layout.partitions_of(topic)) + (self.extra if not n else 0), False
            )
            for n, topic in enumerate(EVERY_TOPIC)
        }


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    found = Broker()
    monkeypatch.setattr(topic_watch, "incarnation", found.told)
    return found


def looked(watch: TopicWatch, broker: Broker) -> list[str]:
    """Look until the broker has been asked once more and has answered."""
    before, said = broker.asked, []

    def answered() -> bool:
        said.extend(watch.look())
        return broker.asked > before and watch._looking is None

    eventually(answered)
    return said


def test_what_is_amiss_is_said_once_and_stays_known(tmp_path: Path, broker: Broker) -> None:
    watch = TopicWatch(run(tmp_path), every_s=0.0)
    assert looked(watch, broker) == []
    broker.extra = 1
    [said] = looked(watch, broker)
    assert "partitions, and the run reads" in said
    assert looked(watch, broker) == []
    assert watch.amiss == [said]
    broker.away = True  # nothing new is known
    assert looked(watch, broker) == []
    assert watch.amiss == [said]
    broker.away, broker.extra = False, 0
    assert looked(watch, broker) == []
    assert watch.amiss == []
    watch.close()


def test_it_waits_a_minute(tmp_path: Path, broker: Broker) -> None:
    watch = TopicWatch(run(tmp_path))
    assert [watch.look() for _ in range(5)] == [[]] * 5
    assert broker.asked == 0
    watch.close()
