"""Where a sink without a snapshot begins: where the source says, and nowhere else.

A crash may leave a snapshot of the source and none of a sink to which nothing had come yet, while a
checkpoint of a later close exists: the flow had run far ahead of its first snapshot.
"""

from typing import Any

import pytest

from connectors.kafka.layout import Layout, create_topics
from connectors.kafka.sink import DeterminismBroken, LogSinkPartition, Outbox
from connectors.kafka.written import read_written
from messages.topics import SIGNALS_GENERATED, STRATEGY_WEIGHTS
from operators.blocks import Event
from tests.streams import at, signal, weight

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]
WRITES = {SIGNALS_GENERATED: range(1)}
SIGNALS = [signal(minute, "AAA", "LONG") for minute in range(1, 9)]


def outbox(events: list[Event], origin: bytes | None = None) -> Outbox:
    records = [(SIGNALS_GENERATED, e) for e in events]
    return Outbox(records, events[-1].stamp if events else at(0), origin=origin)  # type: ignore[arg-type]  # one topic


def sink(layout: Layout, resume: bytes | None = None) -> LogSinkPartition:
    return LogSinkPartition(layout, WRITES, resume, entry=False)  # type: ignore[arg-type]  # one topic


def write(layout: Layout, *batches: Outbox, resume: bytes | None = None) -> bytes:
    part = sink(layout, resume)
    part.write_batch(list(batches))
    state = part.snapshot()
    part.close()
    return state


def written(layout: Layout) -> list[int]:
    at = (layout.name(SIGNALS_GENERATED), 0)
    return [found.seq for found in read_written(layout, {at: (0, -1)})[at].records]


@pytest.fixture
def kept(layout: Layout) -> bytes:
    """Return the sink's state of a checkpoint after four records, of eight that were written."""
    create_topics(layout, [SIGNALS_GENERATED])
    state = write(layout, outbox(SIGNALS[:4]))
    write(layout, outbox(SIGNALS[4:]), resume=state)
    assert written(layout) == list(range(8))
    return state


def test_from_the_beginning_everything_is_made_again(layout: Layout, kept: bytes) -> None:
    write(layout, outbox(SIGNALS[:2]), outbox(SIGNALS[2:]))
    assert written(layout) == list(range(8))


def test_from_a_checkpoint_what_follows_it_is_made_again(layout: Layout, kept: bytes) -> None:
    write(layout, outbox([], kept), outbox(SIGNALS[4:]))
    assert written(layout) == list(range(8))


def test_the_wrong_place_would_be_noticed(layout: Layout, kept: bytes) -> None:
    for batches in ([outbox(SIGNALS[4:])], [outbox([], kept), outbox(SIGNALS)]):
        part = sink(layout)
        with pytest.raises(DeterminismBroken, match="seq"):
            part.write_batch(batches)
        part.close()


def test_a_sink_to_which_nothing_came_has_nothing_to_say(layout: Layout, kept: bytes) -> None:
    """Its snapshot means the beginning, as the source's does that has not given anything."""
    part = sink(layout)
    state = part.snapshot()
    part.close()
    write(layout, outbox(SIGNALS), resume=state)
    assert written(layout) == list(range(8))


def test_time_is_said_ahead_on_what_is_fed_back(layout: Layout) -> None:
    """A record of later holds from the moment that was said; time itself is said once."""
    create_topics(layout, [STRATEGY_WEIGHTS])
    lead: Any = {STRATEGY_WEIGHTS: lambda frontier: at(10) if frontier < at(5) else at(20)}
    part = LogSinkPartition(
        layout,
        {STRATEGY_WEIGHTS: range(1)},
        None,
        entry=False,
        leads=lead,
    )
    place = (layout.name(STRATEGY_WEIGHTS), 0)
    for minute in (1, 2):
        part.write_batch([Outbox([], at(minute))])
    part.snapshot()
    assert read_written(layout, {place: (0, -1)})[place].stamp == at(10)
    change = weight(5, "momentum", 0.5, effective=10)._replace(stamp=at(10))
    part.write_batch([Outbox([(STRATEGY_WEIGHTS, change)], at(6))])
    part.snapshot()
    part.close()
    found = read_written(layout, {place: (0, -1)})[place]
    assert (found.stamp, len(found.records), found.next_offset) == (at(20), 1, 3)
