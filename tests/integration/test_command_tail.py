"""Commands ahead of the log's order, on a real broker: those of before, and new ones at once."""

from typing import Any

import pytest
from confluent_kafka import Producer

from connectors.kafka.bell import Bell
from connectors.kafka.headers import TICK_PASS, RecordHeaders
from connectors.kafka.layout import Layout, create_topics
from flows.execution.command_tail import CommandTail
from messages.codec import encode
from messages.control import Command
from messages.topics import CONTROL_ACCEPTED
from tests.streams import command
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(200)]


class Accepted:
    """What flows/control writes: a copy on each partition, and time."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.seq = layout, 0
        self.headers: Any = RecordHeaders(layout.run_id)
        self.producer = Producer(layout.access.settings())

    def write(self, body: Any, headers: Any = None) -> None:
        for partition in self.layout.partitions_of(CONTROL_ACCEPTED):
            self.producer.produce(
                self.layout.name(CONTROL_ACCEPTED), encode(body), b"", partition,
                headers=headers or self.headers(self.seq, self.seq, body.id),
            )  # fmt: skip
        self.seq += 1
        assert self.producer.flush(30) == 0

    def tick(self) -> None:
        self.producer.produce(
            self.layout.name(CONTROL_ACCEPTED), b"", b"", 0,
            headers=self.headers.tick(99, TICK_PASS),
        )  # fmt: skip
        assert self.producer.flush(30) == 0


def test_what_was_let_in_before_is_there_at_once_and_the_rest_as_it_comes(layout: Layout) -> None:
    create_topics(layout, [CONTROL_ACCEPTED])
    accepted, bell = Accepted(layout), Bell()
    first, second, third = (
        command(m, k).body for m, k in ((1, "halt"), (2, "resume"), (3, "halt"))
    )
    accepted.write(first)
    accepted.write(second)
    accepted.tick()
    accepted.write(third, RecordHeaders("another")(9, 9, "x"))  # a stranger's
    tail = CommandTail(layout, bell)
    assert tail.take() == [first, second], "no order may be sent before they are known"
    assert tail.take() == []
    rung = bell.count
    accepted.write(third)
    found: list[Command] = []

    def heard() -> bool:
        found.extend(tail.take())
        return found == [third]

    eventually(heard, what=lambda: found)
    assert bell.count > rung, "whoever waits for it is woken"
