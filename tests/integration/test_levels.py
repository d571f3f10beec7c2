"""How far a run's topics are, counted on a real broker: facts, and nothing else."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from confluent_kafka import Producer

from connectors.kafka.access import Access
from connectors.kafka.headers import TICK_PASS, RecordHeaders
from connectors.kafka.layout import BrokerUnavailable, Layout, create_topics
from connectors.kafka.levels import Level, Levels
from messages.topics import (
    CONTROL_ACCEPTED,
    MARKET_BARS,
    SIGNALS_GENERATED,
    SYSTEM_EVENTS,
    TRADING_STATES,
    Topic,
)
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(200)]
TOPICS = (SIGNALS_GENERATED, TRADING_STATES)
NONE = Level(0, None, 0)


def write(layout: Layout, topic: Topic[Any], records: list[tuple[int, Any]]) -> None:
    producer = Producer(layout.access.settings())
    for partition, headers in records:
        producer.produce(layout.name(topic), b"{}", b"AAA", partition, headers=headers)
    producer.flush(30)


def first(levels: Levels) -> dict[str, Level] | None:
    """Return the levels; None while a new topic has no leader yet."""
    try:
        return levels.read()
    except BrokerUnavailable:
        return None


def counted(level: Level) -> tuple[int | None, int]:
    return level.records, level.met


def test_facts_are_counted_over_all_partitions_and_ticks_are_none(layout: Layout) -> None:
    create_topics(layout, TOPICS)
    levels, name = Levels(layout, TOPICS), SIGNALS_GENERATED.name
    assert eventually(partial(first, levels)) == {t.name: NONE for t in TOPICS}
    ours = RecordHeaders(layout.run_id)
    ticks = [(p, ours.tick(n, TICK_PASS)) for n in range(50) for p in (0, 1)]
    write(layout, SIGNALS_GENERATED, ticks)
    assert levels.read()[name] == NONE
    began = datetime.now(UTC)
    facts = [(0, ours(60, 0, "a")), (1, ours(60, 0, "b")), (1, ours(61, 1, "c"))]
    write(layout, SIGNALS_GENERATED, [*facts, *facts, (0, ours.tick(62, TICK_PASS))])  # and again
    write(layout, SIGNALS_GENERATED, [(0, None), (0, RecordHeaders("another")(63, 9, "d"))])
    found = levels.read()
    assert found[TRADING_STATES.name] == NONE
    assert counted(found[name]) == (3, 3)
    newest = found[name].newest
    assert newest is not None
    assert began - timedelta(seconds=1) < newest < datetime.now(UTC) + timedelta(seconds=1)
    levels.close()


def test_what_was_there_before_is_known_by_the_run_s_own_count(layout: Layout) -> None:
    create_topics(layout, TOPICS)
    ours = RecordHeaders(layout.run_id)
    write(layout, TRADING_STATES, [(0, ours(n, n, "x")) for n in range(30)])
    levels, name = Levels(layout, TOPICS, before=5), TRADING_STATES.name
    found = eventually(partial(first, levels))
    assert found is not None
    assert counted(found[name]) == (30, 0)
    levels.close()
    write(layout, TRADING_STATES, [(0, ours.tick(n, TICK_PASS)) for n in range(30, 60)])
    later = Levels(layout, TOPICS, before=5)  # that looks at ticks alone
    assert later.read()[name] == Level(None, None, 0)
    write(layout, TRADING_STATES, [(0, ours(60, 30, "x"))])
    assert counted(later.read()[name]) == (31, 1)
    later.close()


def test_outsiders_records_count_where_they_may_write_and_copies_count_once(
    layout: Layout,
) -> None:
    topics = (MARKET_BARS, CONTROL_ACCEPTED, SYSTEM_EVENTS)
    create_topics(layout, topics)
    ours = RecordHeaders(layout.run_id)
    write(layout, MARKET_BARS, [(0, None), (0, None)])
    write(layout, CONTROL_ACCEPTED, [(p, ours(1, 0, "x")) for p in layout.partitions_of(topics[1])])
    telemetry = [("stamp", b"1"), ("run", layout.run_id.encode())]
    write(layout, SYSTEM_EVENTS, [(0, telemetry), (0, telemetry), (0, None)])
    levels = Levels(layout, topics)
    found = eventually(partial(first, levels))
    assert found is not None
    assert {name: level.records for name, level in found.items()} == {
        "market.bars": 2, "control.accepted": 1, "system.events": 2,
    }  # fmt: skip
    levels.close()


def test_levels_of_a_broker_that_is_away() -> None:
    layout = Layout(Access("127.0.0.1:9"), "run", "x.", 1)
    levels = Levels(layout, TOPICS)
    with pytest.raises(BrokerUnavailable, match="does not say how its topics are"):
        levels.read()
    levels.close()
