"""Two recorded days made again from their archive, forged, changed and explained."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.archive.files import (
    ArchiveDamaged,
    StatesManifest,
    TopicsManifest,
    read_manifest,
    write_manifest,
)
from connectors.archive.reading import ArchivedRun
from flows.replay.certificate import Certificate, Diverged, certify
from flows.replay.counterfactual import CannotChange, Changes, what_if
from flows.replay.execution_difference import differences
from flows.replay.record_index import IndexedRecord, RecordIndex
from flows.replay.window import window_of
from messages.trading import TradeExecution
from operators.params import Params
from stack.audit.learning import rederive
from stack.cli import main
from stack.commands.learning import recorded_by
from stack.commands.replay_options import changes_of
from stack.runtime.demo import Demo
from tests.forgery import change, copy_of, flip_a_byte, forge_state, rewrite

pytestmark = [
    pytest.mark.recorded,
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.timeout(400),
]
FIRST, SECOND = "2026-03-19", "2026-03-20"


@pytest.fixture(scope="module")
def archive(one_shard: tuple[Demo, dict[str, Any]]) -> Path:
    return Path(one_shard[0].run.archive)


@pytest.fixture(scope="module")
def home(one_shard: tuple[Demo, dict[str, Any]]) -> str:
    return str(Path(one_shard[0].run.archive).parents[1])


@pytest.fixture(scope="module")
def index(archive: Path) -> RecordIndex:
    return RecordIndex(ArchivedRun(archive))


@pytest.fixture
def forged(archive: Path, tmp_path: Path) -> Path:
    return copy_of(archive, tmp_path)


def certified(archive: Path, day: str = SECOND, **how: Any) -> Certificate:
    found = certify(ArchivedRun(archive), day, **how)
    assert isinstance(found, Certificate), found
    return found


def diverged(archive: Path, day: str = SECOND, **how: Any) -> Diverged:
    found = certify(ArchivedRun(archive), day, **how)
    assert isinstance(found, Diverged)
    return found


def a_signal(index: RecordIndex, day: str = SECOND) -> dict[str, Any]:
    """Return a signal that momentum made on a bar."""
    for found in index.day("signals.generated", day).values():
        body = found[0].body
        if body["bar"] and body["strategy_sources"][0]["strategy"] == "momentum":
            return body
    raise AssertionError


# -- certificates ------------------------------------------------------------------------------


def test_a_day_is_certified_however_it_is_cut_and_from_wherever(archive: Path) -> None:
    proof = certified(archive)
    assert proof.facts["market.bars"] > 7_000
    assert proof.flows["trade"].records["trade.decisions"] > 100
    assert proof.flows["trade"].opened == {"all": FIRST}
    assert certified(archive, size=1).proof == proof.proof
    whole = certified(archive, from_start=True, size=333)
    assert whole.proof == proof.proof
    assert whole.flows["trade"].opened == {"all": ""}
    assert sum(f.states for f in whole.flows.values()) > 4  # those in between were proved too


def test_other_processes_and_hash_seeds_come_to_the_same_certificate(
    archive: Path, home: str
) -> None:
    said = []
    for seed in ("0", "4711"):
        command = [sys.executable, "-m", "stack.cli", "replay", "--day", SECOND, "--verify"]
        found = subprocess.run(
            [*command, "--json", "--home", home, "--run", archive.name],
            env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True,
        )  # fmt: skip
        said.append(json.loads(found.stdout))
    assert said[0] == said[1]
    assert said[0]["proof"] == certified(archive).proof


@pytest.mark.parametrize("topic", ["market.bars", "news.scored", "runs.started"])
@pytest.mark.parametrize("place", [0.2, 0.9])
def test_a_changed_byte_of_a_file_is_found(forged: Path, topic: str, place: float) -> None:
    day = min(SECOND, ArchivedRun(forged).files[topic][-1].day)
    flip_a_byte(forged / "topics" / topic / f"{day}.parquet", place)
    with pytest.raises(ArchiveDamaged, match=f"{topic}/{day}.parquet.*SHA-256"):
        certify(ArchivedRun(forged), SECOND)


def test_a_value_edited_in_place_is_named_by_its_record(forged: Path, index: RecordIndex) -> None:
    bar = index.one(a_signal(index)["bar"])
    assert bar is not None
    edit = change("volume", lambda v: v + 1, bar.id)
    rewrite(forged, "market.bars", SECOND, edit, manifest=False)
    with pytest.raises(ArchiveDamaged, match=f"partition 0, offset {bar.offset} was changed"):
        certify(ArchivedRun(forged), SECOND)


def test_a_forged_input_shows_in_what_follows_from_it(forged: Path, index: RecordIndex) -> None:
    signal = a_signal(index)
    bar = index.one(signal["bar"])
    assert bar is not None
    away = bar.body["high"] if signal["direction"] == "SHORT" else bar.body["low"]
    assert away != bar.body["close"]
    rewrite(forged, "market.bars", SECOND, change("close", away, bar.id))
    found = diverged(forged)
    assert found.flow == "signals"
    assert (found.id, found.stamp) == (signal["id"], bar.stamp)
    assert found.causes[bar.id] == f"market.bars[0]@{bar.offset}"


def test_forged_outputs_are_found(
    archive: Path, forged: Path, index: RecordIndex, home: str
) -> None:
    order = next(iter(index.day("orders.requested", SECOND).values()))[0]
    rewrite(forged, "orders.requested", SECOND, change("qty", lambda q: q + 1, order.id))
    found = diverged(forged)
    assert (found.flow, found.id, found.field) == ("trade", order.id, "value")
    assert found.recorded == {"qty": order.body["qty"] + 1}
    assert found.replayed == {"qty": order.body["qty"]}
    assert list(found.causes) == order.body["causes"]


def test_a_dropped_and_an_added_record_are_found(forged: Path, index: RecordIndex) -> None:
    ids = list(index.day("trade.decisions", SECOND))
    last = f'"id":"{ids[-1]}"'.encode()
    rewrite(
        forged, "trade.decisions", SECOND,
        lambda rows: [r for r in rows if last not in (r.value or b"")],
    )  # fmt: skip
    found = diverged(forged)
    assert (found.field, found.id, found.recorded) == ("extra", ids[-1], None)

    def twice(rows: list[Any]) -> list[Any]:
        fact = next(r for r in reversed(rows) if r.is_fact)
        return [*rows, fact._replace(offset=rows[-1].offset + 1, seq=fact.seq + 1)]

    rewrite(forged, "learning.outcomes", FIRST, twice)
    found = diverged(forged, FIRST)
    assert (found.flow, found.field, found.replayed) == ("learn", "missing", None)


def test_an_outcome_that_is_none_stops_the_audit_of_learning_in_a_sentence(forged: Path) -> None:
    assert rederive(recorded_by(ArchivedRun(forged))).problem is None

    def emptied(rows: list[Any]) -> list[Any]:
        first = next(n for n, row in enumerate(rows) if row.is_fact)
        rows[first] = rows[first]._replace(value=b'{"id": "out-1"}')
        return rows

    rewrite(forged, "learning.outcomes", FIRST, emptied)
    with pytest.raises(ArchiveDamaged, match=r"learning.outcomes, partition 0, offset \d+, is no "):
        recorded_by(ArchivedRun(forged))


def test_a_forged_state_is_found_from_the_start_and_by_what_follows(forged: Path) -> None:
    def richer(steps: Any) -> None:
        steps["desk"]["account"]["cash"] += 50_000_000

    forge_state(forged, "trade", "all", richer)
    found = diverged(forged, from_start=True)
    assert (found.flow, found.field) == ("trade", "state")
    assert diverged(forged).flow == "trade"


# -- against a backtest ------------------------------------------------------------------------


@pytest.mark.parametrize("first", [FIRST, SECOND, None])
def test_paper_executions_are_those_of_a_backtest(archive: Path, first: str | None) -> None:
    count, listed = differences(window_of(ArchivedRun(archive), first, SECOND))
    assert count > 50
    assert listed == []


def test_an_execution_that_differs_is_listed(forged: Path, index: RecordIndex) -> None:
    fill = next(iter(index.day("trades.executed", SECOND).values()))[0]
    rewrite(forged, "trades.executed", SECOND, change("price", lambda p: p + 0.5, fill.id))
    _, listed = differences(window_of(ArchivedRun(forged), SECOND, SECOND))
    assert [one.order_id for one in listed] == [fill.body["order_id"]]
    assert isinstance(listed[0].recorded, TradeExecution)
    assert listed[0].recorded.price == pytest.approx(fill.body["price"] + 0.5)


# -- what if -----------------------------------------------------------------------------------


def test_nothing_changed_changes_nothing(archive: Path, one_shard: Any) -> None:
    window = window_of(ArchivedRun(archive), None, SECOND)
    found = what_if(window, Changes.of(changes_of([], [], [], "")))
    assert found.orders == []
    assert found.before == found.after
    assert f"{found.before.equity:.4f}" == one_shard[1]["equity"]


def test_a_strategy_without_weight_is_not_heard(archive: Path) -> None:
    window = window_of(ArchivedRun(archive), SECOND, SECOND)
    changes = Changes.of(changes_of(["strategies.momentum.weight=0"], [], [], ""))
    found = what_if(window, changes)
    assert found.after.signals < found.before.signals
    lost = {o.change for o in found.orders}
    assert "gone" in lost
    assert all(o.decision_id.startswith("dec-") and o.why for o in found.orders)


def test_a_limit_denies_by_its_own_name(archive: Path) -> None:
    window = window_of(ArchivedRun(archive), SECOND, SECOND)
    found = what_if(window, Changes.of(changes_of(["risk.max_positions=1"], [], [], "")))
    assert found.after.fills < found.before.fills
    first = next(o for o in found.orders if o.change == "gone" and o.side == "BUY")
    assert "MAX_POSITIONS, limit 1" in first.why


def _stamps(found: list[IndexedRecord]) -> list[int]:
    return [f.stamp for f in found]


def test_news_left_out_or_late(archive: Path, index: RecordIndex) -> None:
    window = window_of(ArchivedRun(archive), None, SECOND)
    heard = [
        f[0].body
        for day in (FIRST, SECOND)
        for f in index.day("signals.generated", day).values()
        if not f[0].body["bar"]
    ]
    assert heard, "no signal was made on news alone"
    causes = [c for c in map(index.one, heard[0]["causes"]) if c is not None]
    score = next(c for c in causes if c.id.startswith("sco-") and c.stamp == max(_stamps(causes)))
    without = Changes.of(changes_of([], [score.body["article_id"]], [], ""))
    inputs = without.inputs(window.events, window.start)
    assert 0 < len(window.events) - len(inputs) < 20
    made = {e.body.id for e in window.play(window.loop(), inputs) if hasattr(e.body, "id")}
    assert heard[0]["id"] not in made
    fewer = what_if(window, without)
    quiet = what_if(window, Changes.of(changes_of([], [], [score.body["source"]], "")))
    assert quiet.before == fewer.before
    late = what_if(window, Changes.of(changes_of([], [], [], "2h")))
    assert late.before == fewer.before
    assert late.after != late.before


@pytest.mark.parametrize(
    ("sets", "articles", "delay", "words"),
    [
        (["strategies.magic.weight=1"], [], "", "there is no strategy magic"),
        (["strategies.momentum.weight=2"], [], "", "a weight is from 0 to 1"),
        (["risk.nonsense=2"], [], "", "there is no such parameter"),
        (["risk.max_positions=many"], [], "", "risk.max_positions=many"),
        (["nonsense"], [], "", "write GROUP.NAME=VALUE"),
        ([], ["art-0"], "", "There is no article art-0"),
        ([], [], "soon", "such as 5m"),
    ],
)
def test_a_change_that_cannot_be_made_says_why(
    archive: Path, sets: list[str], articles: list[str], delay: str, words: str
) -> None:
    window = window_of(ArchivedRun(archive), SECOND, SECOND)
    with pytest.raises(CannotChange, match=words):
        what_if(window, Changes.of(changes_of(sets, articles, [], delay)))


# -- the commands ------------------------------------------------------------------------------


def test_every_command_speaks_to_people_and_programs(
    archive: Path, home: str, index: RecordIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*arguments: str, code: int = 0) -> str:
        wanted = [*arguments, "--home", home]
        if "--run" not in arguments:
            wanted += ["--run", archive.name]
        assert main(wanted) == code
        captured = capsys.readouterr()
        return captured.out + captured.err

    assert "certified" in said("replay", "--verify")
    assert f"certificate of {SECOND}" in said("replay", "--verify", "--day", SECOND)
    assert "made again, the same bytes" in said("replay", "--day", SECOND)
    assert "all as in a backtest" in said("replay", "--against-backtest")
    what = said("replay", "--set", "momentum.window=30", "--limit", "3")
    assert "from its beginning" in what
    assert "more (--limit 0 shows all)" in what
    source = next(iter(index.day("news.scored", SECOND).values()))[0].body["source"]
    after = json.loads(said("replay", "--without-source", source, "--json"))
    assert Decimal(after["before"]["equity"]) > 0
    assert "with the day 2026-03-21" in said("replay", "--day", "2026-03-21", code=2)
    assert "holds no archive" in said("replay", "--run", "nothing", code=2)
    assert "is no time" in said("explain", "AAPL@noon", code=2)


def test_params_are_those_of_run_started(archive: Path) -> None:
    found = ArchivedRun(archive)
    assert found.run.rules == Params()
    assert found.started.settings_hash == found.run.settings_hash


def test_a_day_that_is_not_over_is_passed_over_or_refused(
    forged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = read_manifest(forged / "topics", TopicsManifest)
    ended = [f for f in manifest.files if f.topic == "news.scored" and f.day >= SECOND]
    for file in ended:
        (forged / "topics" / file.path).unlink()
    files = tuple(f for f in manifest.files if f not in ended)
    write_manifest(forged / "topics", msgspec.structs.replace(manifest, files=files))
    where = ["--home", str(forged.parent), "--run", forged.name]
    (forged.parent / "archive").mkdir()
    forged.rename(forged.parent / "archive" / forged.name)
    assert main(["replay", "--verify", *where]) == 0
    said = capsys.readouterr().out.splitlines()
    assert any(line.startswith(f"{FIRST}  certified") for line in said)
    assert f"{SECOND}  not over yet: archived after its close" in said
    assert main(["replay", "--verify", "--day", SECOND, *where]) == 2
    assert "is not archived to its end yet (news.scored is not)" in capsys.readouterr().err


def test_states_of_another_version_are_not_needed_from_the_start(
    archive: Path, forged: Path
) -> None:
    directory = forged / "states" / "trade-all"
    manifest = read_manifest(directory, StatesManifest)
    write_manifest(directory, msgspec.structs.replace(manifest, state_version=1))
    with pytest.raises(ArchiveDamaged, match="by another version: replay with --from-start"):
        certify(ArchivedRun(forged), SECOND)
    assert certified(forged, from_start=True).proof == certified(archive).proof
