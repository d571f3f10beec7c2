"""Re-executed records held against the archive: equal, or the first difference by name."""

from typing import Any

import pytest

from connectors.archive.reading import ArchivedRun
from connectors.kafka.sink import Outbox
from flows.replay.compare import Comparison, OutputRecord, _differing
from messages.codec import decoder
from messages.topics import TRADE_DECISIONS
from operators.blocks import Event
from tests.archives import DAY

RECORD = OutputRecord(5, 1, b"key", b"value", {"seq": b"1"})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"value": b"other"}, "value"),
        ({"key": b"other"}, "key"),
        ({"stamp": 6}, "stamp"),
        ({"seq": 2}, "seq"),
        ({"headers": {}}, "headers"),
        ({"headers": {}, "value": b""}, "value"),  # the most telling one first
    ],
)
def test_the_field_that_differs(changes: dict[str, Any], field: str) -> None:
    assert _differing(RECORD, RECORD._replace(**changes)) == field


def test_one_that_is_missing_or_extra() -> None:
    assert (_differing(RECORD, None), _differing(None, RECORD)) == ("missing", "extra")


@pytest.fixture
def decisions(day: ArchivedRun) -> list[Event]:
    read = decoder(TRADE_DECISIONS.schema)
    rows = [r for r in day.rows(TRADE_DECISIONS.name, DAY, DAY) if r.is_fact]
    assert len(rows) > 2
    return [Event(r.stamp, (r.key or b"").decode(), read(r.value or b"")) for r in rows]


def compared(day: ArchivedRun, events: list[Event]) -> Comparison:
    comparison = Comparison(day, "trade", {TRADE_DECISIONS: range(1)}, None, DAY, DAY, 0)
    comparison.take(Outbox([(TRADE_DECISIONS, e) for e in events], events[-1].stamp))
    comparison.finish()
    return comparison


def test_the_same_records_are_equal_and_hashed(day: ArchivedRun, decisions: list[Event]) -> None:
    comparison = compared(day, decisions)
    assert comparison.first is None
    assert len(comparison.hashes[TRADE_DECISIONS.name]) == len(decisions)


def test_the_first_difference_is_named(day: ArchivedRun, decisions: list[Event]) -> None:
    short = compared(day, decisions[:-1]).first
    assert short is not None
    assert (short.field, short.topic) == ("missing", TRADE_DECISIONS.name)
    long = compared(day, [*decisions, decisions[-1]]).first
    assert long is not None
    assert long.field == "extra"
    late = [*decisions[:-1], decisions[-1]._replace(stamp=decisions[-1].stamp + 1)]
    moved = compared(day, late).first
    assert moved is not None
    assert moved.field == "stamp"
