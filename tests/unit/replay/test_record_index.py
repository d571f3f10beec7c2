"""Records by their ids, and causes that are missing or late."""

from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.archive.reading import ArchivedRun
from flows.replay.record_index import BY_PREFIX, COMMANDS, RecordIndex, broken_causes
from messages.topics import DEAD_LETTERS, RUNS_STARTED, TOPICS
from tests.archives import DAY, archived_day, traded_inputs
from tests.forgery import change, rewrite
from tests.streams import command, raw


@pytest.fixture(scope="module")
def index(day: ArchivedRun) -> RecordIndex:
    return RecordIndex(day)


def test_every_topic_s_ids_lead_to_it(day: ArchivedRun, index: RecordIndex) -> None:
    known = {t.name for t in TOPICS} - {"control.commands", "control.requests"}
    assert {*BY_PREFIX.values(), COMMANDS} == known
    assert not known & {t.name for t in DEAD_LETTERS}
    seen = set()
    for topic in BY_PREFIX.values():
        for id_, records in index.day(topic, DAY).items():
            assert index.topic_of(id_) == topic
            assert index.every(id_) == records
            seen.add(topic)
    # Nobody commanded anything that day, no broker was asked, and nothing halted.
    silent = {"executions.corrected", "account.resets", "trading.states", "broker.events",
              "market.halts"}  # fmt: skip
    assert seen == set(BY_PREFIX.values()) - silent


def test_an_id_that_is_not_there(index: RecordIndex) -> None:
    assert (index.one("ord-nothing"), index.every("whatever")) == (None, [])
    [run] = index.day(RUNS_STARTED.name, DAY).values()
    assert index.one(run[0].id) == run[0]


def test_versions_of_an_article_oldest_first_and_copies_of_a_command(tmp_path: Path) -> None:
    first, later = raw(1, "One"), raw(2, "Two")
    revised = later._replace(body=type(later.body)(**{
        f: getattr(first.body if f == "id" else later.body, f) for f in later.body.__struct_fields__
    }))  # fmt: skip
    inputs = [*traded_inputs(), first, revised, command(3, "pause")]
    inputs.sort(key=lambda e: (e.stamp, e.key))
    index = RecordIndex(archived_day(tmp_path / "run-1", inputs))
    id_ = getattr(first.body, "id", "")
    assert [f.body["title"] for f in index.every(id_)] == ["One", "Two"]
    found = index.one(id_)
    assert found is not None
    assert found.stamp == first.stamp
    [pause] = index.every(getattr(command(3, "pause").body, "id", ""))
    assert (pause.topic, pause.body["kind"]) == (COMMANDS, "pause")


def test_a_good_day_has_all_its_causes(index: RecordIndex) -> None:
    assert broken_causes(index, DAY) == []


def test_a_missing_and_a_late_cause(day: ArchivedRun, forged: Callable[[], Path]) -> None:
    archive = forged()
    first, last = (r[0] for r in RecordIndex(day).day("orders.requested", DAY).values())
    rewrite(archive, "orders.requested", DAY, change("causes", ["dec-nothing"], last.id))
    rewrite(archive, "orders.requested", DAY, change("causes", [last.id], first.id))
    found = {b.id: b for b in broken_causes(RecordIndex(ArchivedRun(archive)), DAY)}
    assert {b.id: b.cause for b in found.values()} == {first.id: last.id, last.id: "dec-nothing"}
    assert found[first.id].detail == "came later than what it caused"
    assert found[last.id].detail == "is nowhere in the archive"


def test_what_is_no_record_with_an_id_is_left_out(forged: Callable[[], Path]) -> None:
    values = [
        b"{", b"[]", b"{}", b'{"id": 7}', b'{"id": "\xff"}', b"[" * 5_000, b'{"id": "ord-x"}',
    ]  # fmt: skip
    archive = forged()
    rewrite(
        archive, "orders.requested", DAY,
        lambda rows: [*(rows[0]._replace(offset=n, value=v) for n, v in enumerate(values))],
    )  # fmt: skip
    assert list(RecordIndex(ArchivedRun(archive)).day("orders.requested", DAY)) == ["ord-x"]
