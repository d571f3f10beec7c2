"""Following a run's topics, and writing its commands, on a real broker."""

import socket
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from connectors.kafka.access import Access
from connectors.kafka.command_writer import CommandWriter
from connectors.kafka.follower import FollowedRecord, Follower
from connectors.kafka.headers import TICK_PASS, RecordHeaders
from connectors.kafka.layout import BrokerUnavailable, Layout, create_topics
from messages.codec import decoder, encode
from messages.control import Command
from messages.topics import CONTROL_COMMANDS, SIGNALS_GENERATED, TRADING_STATES
from tests.streams import command, signal
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(200)]
TOPICS = (SIGNALS_GENERATED, TRADING_STATES)


def write(layout: Layout, records: list[tuple[int, bytes, Any]]) -> None:
    producer = Producer(layout.access.settings())
    for partition, value, headers in records:
        producer.produce(layout.name(SIGNALS_GENERATED), value, b"AAA", partition, headers=headers)
        producer.flush(30)


def test_only_what_is_new_and_the_run_s_own_is_given_out(layout: Layout) -> None:
    create_topics(layout, TOPICS)
    ours, theirs = RecordHeaders(layout.run_id), RecordHeaders("another")
    bodies: list[Any] = [signal(m, "AAA", "LONG").body for m in (1, 2, 3)]
    first, second, third = bodies
    write(layout, [(0, encode(first), ours(1, 0, first.id))])  # before it follows
    follower = Follower(layout, TOPICS)
    write(
        layout,
        [
            (0, encode(second), ours(5, 1, second.id)),
            (0, encode(second), ours(5, 1, second.id)),  # a dying producer's repeat
            (0, b"", ours.tick(6, TICK_PASS)),
            (0, encode(third), theirs(7, 2, third.id)),
            (0, encode(third), None),
            (0, b"rubbish", ours(7, 2, "x")),
            (1, encode(third), ours(9, 0, third.id)),
        ],
    )
    found: list[FollowedRecord] = []

    def through() -> bool:
        found.extend(follower.read(0.1))
        return {second.id, third.id} <= {r.body.id for r in found}  # partitions in any order

    eventually(through)
    seen = sorted((r.partition, r.offset, r.stamp, r.topic, r.body) for r in found)
    assert seen == [(0, 1, 5, SIGNALS_GENERATED, second), (1, 0, 9, SIGNALS_GENERATED, third)]
    follower.close()


def test_a_written_command_is_in_the_log(layout: Layout) -> None:
    create_topics(layout, [CONTROL_COMMANDS])
    asked = command(1, "halt").body
    assert isinstance(asked, Command)
    CommandWriter(layout).write(asked, "00-1-2-01")
    consumer = Consumer(layout.access.settings({"group.id": "look"}))
    consumer.assign([TopicPartition(layout.name(CONTROL_COMMANDS), 0, 0)])
    [record] = eventually(lambda: consumer.consume(1, 0.2))
    consumer.close()
    assert decoder(Command)(record.value() or b"") == asked
    assert record.headers() == [("traceparent", b"00-1-2-01")]


def test_a_broker_that_is_away_is_said(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.kafka.command_writer.WAIT_S", 0.5)
    with socket.socket() as taken:  # nobody answers there, and nobody else can
        taken.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        away = replace(layout, access=Access(where))
        asked = command(1, "halt").body
        assert isinstance(asked, Command)
        with pytest.raises(BrokerUnavailable, match="may or may not take effect"):
            CommandWriter(away).write(asked)
        with pytest.raises(BrokerUnavailable, match="does not answer"):
            Follower(away, TOPICS, timeout_s=0.5)
