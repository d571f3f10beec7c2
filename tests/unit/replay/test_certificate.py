"""Certificates: a day made again byte for byte, or the first record that differs."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.archive.reading import ArchivedRun, DayNotArchived
from connectors.archive.records import ArchivedRecord
from flows.replay.certificate import (
    Certificate,
    Diverged,
    certify,
    code_hash,
    hash_inputs,
    places,
    source_hash,
)
from flows.replay.record_index import RecordIndex
from operators.params import EnsembleParams, OwnParams, Params
from tests.archives import DAY, archived_day
from tests.forgery import change, rewrite


def only(topic: str, day: ArchivedRun) -> Any:
    return next(iter(RecordIndex(day).day(topic, DAY).values()))[0]


def diverged(archive: Path) -> Diverged:
    found = certify(ArchivedRun(archive), DAY)
    assert isinstance(found, Diverged)
    return found


@pytest.fixture(scope="module")
def proof(day: ArchivedRun) -> Certificate:
    found = certify(day, DAY)
    assert isinstance(found, Certificate), found
    return found


def test_a_day_is_made_again(proof: Certificate) -> None:
    assert {name: sum(flow.records.values()) for name, flow in proof.flows.items()} == {
        "control": 0, "signals": 8, "trade": 24, "learn": 16,
    }  # fmt: skip
    assert proof.facts["market.bars"] == 120
    assert proof.flows["trade"].outputs["trades.executed"] == proof.inputs["trades.executed"]


@pytest.mark.parametrize("size", [1, 7, 64])
def test_the_size_of_blocks_means_nothing(day: ArchivedRun, proof: Certificate, size: int) -> None:
    assert certify(day, DAY, size=size) == proof


def test_the_name_of_the_run_means_nothing_but_its_rules_do(
    proof: Certificate, tmp_path: Path
) -> None:
    same = certify(archived_day(tmp_path / "same"), DAY)
    assert isinstance(same, Certificate)
    assert same.proof == proof.proof
    other = Params(ensemble=EnsembleParams(threshold=0.2))
    changed = certify(archived_day(tmp_path / "other", params=other), DAY)
    assert isinstance(changed, Certificate)
    assert changed.settings != proof.settings
    assert changed.proof != proof.proof


@pytest.mark.parametrize(
    ("topic", "field", "value", "flow"),
    [
        ("signals.generated", "strength", 0.123, "signals"),
        ("sentiment.windows", "count", 9, "signals"),
        ("trade.decisions", "limit", "forged", "trade"),
        ("orders.requested", "qty", 1, "trade"),
        ("learning.outcomes", "roi", 0.5, "learn"),
    ],
)
def test_a_changed_record_is_named_with_what_differs(
    day: ArchivedRun, forged: Callable[[], Path], topic: str, field: str, value: Any, flow: str
) -> None:
    archive, record = forged(), only(topic, day)
    rewrite(archive, topic, DAY, change(field, value, record.id))
    found = diverged(archive)
    assert (found.flow, found.where, found.id) == (flow, f"{topic}[0]", record.id)
    assert (found.field, found.stamp) == ("value", record.stamp)
    assert found.recorded == {field: value}
    assert found.replayed == {field: record.body[field]}
    assert set(found.causes) == set(record.body["causes"])
    assert all(found.causes.values()), "each with its place"


def edited(n: int, **changes: Any) -> Callable[[list[ArchivedRecord]], list[ArchivedRecord]]:
    return lambda rows: [r._replace(**changes) if i == n else r for i, r in enumerate(rows)]


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (edited(0, key=b"ZZZ"), "key"),
        (edited(0, seq=7), "seq"),
        (edited(0, headers=[("run", b"another")]), "headers"),
        (lambda rows: rows[1:], "value"),
        (lambda rows: [rows[0], rows[-1]], "extra"),
    ],
)
def test_every_part_of_a_record_counts(
    forged: Callable[[], Path],
    edit: Callable[[list[ArchivedRecord]], list[ArchivedRecord]],
    field: str,
) -> None:
    archive = forged()
    rewrite(archive, "trades.executed", DAY, edit)
    assert diverged(archive).field == field


def test_a_record_that_no_flow_makes_again_is_missing(forged: Callable[[], Path]) -> None:
    archive = forged()

    def more(rows: list[ArchivedRecord]) -> list[ArchivedRecord]:
        *facts, end = rows
        last = facts[-1]
        return [*facts, last._replace(offset=last.offset + 1, seq=2), end._replace(offset=9)]

    rewrite(archive, "learning.outcomes", DAY, more)
    found = diverged(archive)
    assert (found.field, found.flow, found.replayed) == ("missing", "learn", None)
    assert found.recorded["id"] == found.id


def test_a_day_that_is_not_there(day: ArchivedRun) -> None:
    for name in ("2025-03-15", "someday"):
        with pytest.raises(DayNotArchived):
            certify(day, name)


def test_inputs_are_hashed_as_what_happened_not_where_it_lies(
    day: ArchivedRun, forged: Callable[[], Path]
) -> None:
    archive = forged()
    rewrite(archive, "market.bars", DAY, lambda rows: [r._replace(append_time_ms=1) for r in rows])
    assert hash_inputs(ArchivedRun(archive), DAY) == hash_inputs(day, DAY)
    rewrite(archive, "market.bars", DAY, lambda rows: rows[1:])
    counts, roots = hash_inputs(ArchivedRun(archive), DAY)
    assert counts["market.bars"] == 119
    assert roots["market.bars"] != hash_inputs(day, DAY)[1]["market.bars"]


def test_code_is_hashed_with_the_strategies_of_the_user() -> None:
    mine = str(Path(__file__).parents[2] / "own_examples.py")
    own = replace(Params(), own=OwnParams(strategies=(f"{mine}:Raises",)))
    assert code_hash(Params()) == code_hash(Params())
    assert code_hash(own) != code_hash(Params())


def test_places_of_ids(day: ArchivedRun) -> None:
    order = only("orders.requested", day)
    assert places(day, [order.id, "ord-nothing"]) == {
        order.id: f"orders.requested[0]@{order.offset}", "ord-nothing": ""
    }  # fmt: skip


def test_a_certificate_survives_json(proof: Certificate) -> None:
    assert msgspec.json.decode(msgspec.json.encode(proof), type=Certificate) == proof


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("connectors/market/calendar.py", "9", "8"),
        ("connectors/market/session_days.py", "1", "2"),
        ("connectors/kafka/partition_reader.py", "max(stamp, 0)", "max(stamp, 1)"),
        ("connectors/kafka/arrivals.py", "NO_STAMP", "0"),
        ("operators/merge.py", "records.sort()", "records.reverse()"),
        ("messages/flows.py", "sharded=True", "sharded=False"),
        ("flows/trade.py", "Desk(", "Other("),
    ],
)
def test_the_code_covers_everything_that_decides(
    tmp_path: Path, file: str, old: str, new: str
) -> None:
    root = Path(__file__).parents[3]
    for package in ("messages", "operators", "connectors", "flows"):
        shutil.copytree(root / package, tmp_path / package)
    before = source_hash(tmp_path)
    assert before == source_hash(root)
    changed = tmp_path / file
    text = changed.read_text()
    assert old in text
    changed.write_text(text.replace(old, new, 1))
    assert source_hash(tmp_path) != before


def test_what_reads_and_reports_is_not_hashed(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    for package in ("messages", "operators", "connectors", "flows"):
        shutil.copytree(root / package, tmp_path / package)
    (tmp_path / "flows/replay/explain.py").write_text("")
    (tmp_path / "connectors/telemetry.py").write_text("")
    assert source_hash(tmp_path) == source_hash(root)
