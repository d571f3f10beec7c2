"""Records by their ids, and causes that are missing or late."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from connectors.archive.reading import ArchivedRun
from flows.replay.certificate import places
from flows.replay.explain import Explainer
from flows.replay.record_index import BY_PREFIX, OF_OTHERS, RecordIndex, broken_causes
from messages.news import RawArticle
from messages.topics import DEAD_LETTERS, RUNS_STARTED, TOPICS
from tests.archives import DAY, GOOD, archived_day, traded_inputs
from tests.forgery import change, rewrite
from tests.streams import command, raw


@pytest.fixture(scope="module")
def index(day: ArchivedRun) -> RecordIndex:
    return RecordIndex(day)


def test_every_topic_s_ids_lead_to_it(day: ArchivedRun, index: RecordIndex) -> None:
    known = {t.name for t in TOPICS} - {"control.commands", "control.requests"}
    assert {*BY_PREFIX.values(), *OF_OTHERS} == known
    assert not known & {t.name for t in DEAD_LETTERS}
    seen = set()
    for topic in BY_PREFIX.values():
        for id_, records in index.day(topic, DAY).items():
            assert index.topics_of(id_)[0] == topic
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
    assert (pause.topic, pause.body["kind"]) == ("control.accepted", "pause")


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


@pytest.mark.parametrize("own", ["mine-1", "ord-7", "no letters that we know"])
def test_an_outsider_s_ids_are_found_whatever_they_look_like(tmp_path: Path, own: str) -> None:
    inputs = [
        event._replace(body=msgspec.structs.replace(event.body, **changes))
        if (changes := as_outsider(event.body, own)) else event
        for event in traded_inputs()
    ]  # fmt: skip
    day = archived_day(tmp_path / "run-1", inputs)
    index = RecordIndex(day)
    assert broken_causes(index, DAY) == []
    found = index.one(own)
    assert found is not None
    assert found.topic == "news.raw"
    [score] = (r[0] for r in index.day("news.scored", DAY).values() if own in r[0].body["causes"])
    words = msgspec.json.encode(Explainer(day).of(score.id)).decode()
    assert GOOD in words


def as_outsider(body: object, own: str) -> dict[str, object]:
    """Return what is changed in the first article and its score, had somebody else written it."""
    if getattr(body, "title", "") != GOOD:
        return {}
    return {"id": own} if isinstance(body, RawArticle) else {"article_id": own, "causes": (own,)}


def test_a_record_is_found_however_its_json_is_written(forged: Callable[[], Path]) -> None:
    archive = forged()
    bar = next(iter(RecordIndex(ArchivedRun(archive)).day("market.bars", DAY).values()))[0]

    def spaced(value: bytes) -> bytes:
        body = json.loads(value)
        return json.dumps(
            {**{k: v for k, v in body.items() if k != "id"}, "id": body["id"]}
        ).encode()

    rewrite(archive, "market.bars", DAY, lambda rows: [
        row._replace(value=spaced(row.value)) if row.value else row for row in rows
    ])  # fmt: skip
    run = ArchivedRun(archive)
    assert places(run, [bar.id])[bar.id].startswith("market.bars[")
    assert places(run, ["nowhere"]) == {"nowhere": ""}
