"""Learning in the whole system: weights change, alike at any shard count, and are proved."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.archive.reading import ArchivedRun
from connectors.market.calendar import session_day
from connectors.settings import Settings
from connectors.storage.queries import Reader
from flows.replay.certificate import Certificate, certify
from flows.replay.execution_difference import differences
from flows.replay.window import window_of
from messages.topics import (
    LEARNING_ADJUSTMENTS,
    LEARNING_OUTCOMES,
    SIGNALS_GENERATED,
    STRATEGY_WEIGHTS,
    TRADES_EXECUTED,
)
from messages.units import DAY_US, HOUR_US, to_datetime, to_micros
from operators.params import LearningParams
from stack.cli import main
from stack.runtime.demo import Demo, DemoOptions
from stack.servers.services import Services
from tests.forgery import change, copy_of, rewrite
from tests.harness import command_at, play, tables

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(900)]
DAYS = ["2025-03-12", "2025-03-13", "2025-03-14"]


def days(count: int, shards: int) -> DemoOptions:
    return DemoOptions(None, None, "1m", shards, no_news=False, check=True, days=count)


@pytest.fixture(scope="module")
def three(services: Services) -> tuple[Demo, dict[str, Any]]:
    demo, summary = play(services, days(3, 1))
    assert summary["accounted"], summary.get("first_unaccounted")
    return demo, summary


def archive_of(demo: Demo) -> ArchivedRun:
    return ArchivedRun(Path(demo.run.archive))


def test_weights_change_and_every_change_is_worked_out_again(
    three: tuple[Demo, dict[str, Any]],
) -> None:
    demo, summary = three
    assert summary["weight_changes"] > 0
    changes = [(r.stamp, b) for r, b in archive_of(demo).messages(STRATEGY_WEIGHTS)]
    moved = [(stamp, b) for stamp, b in changes if b.reason != "seed"]
    assert len(moved) == summary["weight_changes"]
    assert all(stamp == to_micros(b.effective_from) for stamp, b in moved)
    told = {b.id for _, b in archive_of(demo).messages(LEARNING_ADJUSTMENTS)}
    assert len(told) == 9
    assert all(b.causes[0] in told for _, b in moved)
    outcomes = {b.id for _, b in archive_of(demo).messages(LEARNING_OUTCOMES)}
    assert all(set(b.outcomes) <= outcomes for _, b in moved)


def test_the_shard_count_means_nothing(
    services: Services, three: tuple[Demo, dict[str, Any]]
) -> None:
    demo, summary = three
    other, again = play(services, days(3, 4))
    assert again["accounted"], again.get("first_unaccounted")
    assert again["digest"] == summary["digest"]
    learnt = ("learning_adjustments", "strategy_weights_history", "strategy_metrics")
    rows = tables(demo), tables(other)
    assert [rows[0][t] for t in learnt] == [rows[1][t] for t in learnt]
    proofs = []
    for each in (demo, other):
        found = certify(archive_of(each), DAYS[2])
        assert isinstance(found, Certificate), found
        proofs.append(found.proof)
    assert proofs[0] == proofs[1]


@pytest.mark.parametrize("shards", [1, 4])
def test_one_day_comes_to_its_end(services: Services, shards: int) -> None:
    """Nobody waits for what follows from himself: a run of one day ends like one of three."""
    _, summary = play(services, days(1, shards), timeout=200)
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["digest"].startswith("a5a97a70f67ddbfc")
    assert summary["rows"]["learning_adjustments"] == 3


@pytest.mark.parametrize("from_start", [False, True])
def test_every_day_is_certified_weights_included(
    three: tuple[Demo, dict[str, Any]], *, from_start: bool
) -> None:
    archive, made = archive_of(three[0]), 0
    assert archive.days[:3] == DAYS
    for day in archive.days:
        found = certify(archive, day, from_start=from_start)
        assert isinstance(found, Certificate), found
        made += found.flows["learn"].records["strategy.weights"]
    assert made == 3 + three[1]["weight_changes"]


def test_a_backtest_of_the_whole_run_learns_the_same(three: tuple[Demo, dict[str, Any]]) -> None:
    count, listed = differences(window_of(archive_of(three[0]), None, DAYS[2]))
    assert (count, listed) == (three[1]["executions"], [])


def test_a_day_opened_by_kept_states_trades_the_same(three: tuple[Demo, dict[str, Any]]) -> None:
    for day in DAYS:
        assert differences(window_of(archive_of(three[0]), day, day))[1] == []


def test_the_weight_in_force_and_the_coming_one_are_told_apart(
    three: tuple[Demo, dict[str, Any]],
) -> None:
    demo, _ = three
    changes = [b for _, b in archive_of(demo).messages(STRATEGY_WEIGHTS)]
    reader = Reader(demo.run.database_url, demo.run.schema)
    rows = {r["id"]: r for r in reader._all("SELECT * FROM strategies")}
    reader.close()
    newest = max(to_micros(b.event_time) for b in changes)
    for name, row in rows.items():
        mine = sorted((to_micros(b.effective_from), b.new) for b in changes if b.strategy == name)
        assert row["current_weight"] == [new for at, new in mine if at <= newest][-1]
        coming = [(at, new) for at, new in mine if at > newest]
        assert row["coming_weight"] == (coming[0][1] if coming else None)
    assert any(row["coming_weight"] is not None for row in rows.values())


def test_the_command_shows_verifies_and_undoes(
    services: Services, three: tuple[Demo, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    demo, summary = three

    def learning(*arguments: str) -> dict[str, Any]:
        home = ["--home", str(services.home.path), "--run", demo.run.run_id, "--json"]
        assert main(["learning", *arguments, *home]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    shown = {row["strategy"]: row for row in learning("show")["strategies"]}
    assert set(shown) == {"momentum", "mean_reversion", "news_driven"}
    assert shown["news_driven"]["missing"] == 20 - shown["news_driven"]["trades"] > 0
    verified = learning("verify")
    assert (verified["problem"], verified["changes"]) == (None, summary["weight_changes"])
    credited = [
        b for _, b in archive_of(demo).messages(LEARNING_OUTCOMES) if b.strategy == "momentum"
    ]
    undone = learning("undo", max(credited[:60], key=lambda b: abs(b.risk_adjusted_return)).id)
    assert undone["weights"], "without it, weights are others"
    assert undone["after"]["trades"] == undone["before"]["trades"] - 1
    assert main(["learning", "undo", "out-nothing", "--home", str(services.home.path)]) == 2
    assert "There is no outcome out-nothing" in capsys.readouterr().err


def test_the_commands_find_a_weight_that_was_let_hold_a_cycle_early(
    three: tuple[Demo, dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo, _ = three
    forged = copy_of(archive_of(demo).path, tmp_path / "archive")
    command = ["--home", str(tmp_path), "--run", demo.run.run_id]
    row, change_ = next(
        (row, b) for row, b in archive_of(demo).messages(STRATEGY_WEIGHTS) if b.reason != "seed"
    )
    day = session_day(row.stamp)
    assert main(["causality", *command, "--day", day]) == 0
    early = f"{change_.event_time:%FT%T.%fZ}"
    rewrite(forged, STRATEGY_WEIGHTS.name, day, change("effective_from", early, change_.id))
    capsys.readouterr()
    assert main(["causality", *command, "--day", day]) == 1
    said = f"LEAK (weight) {to_datetime(row.stamp):%F %T} UTC {change_.id}"
    assert said in capsys.readouterr().out
    assert main(["learning", "verify", *command]) == 1


def test_switches_corrections_and_a_reset_are_facts_like_any_other(
    services: Services, three: tuple[Demo, dict[str, Any]]
) -> None:
    fills = [(r.stamp, b) for r, b in archive_of(three[0]).messages(TRADES_EXECUTED)]
    first = next((stamp, b) for stamp, b in fills if b.status == "FILLED" and b.pnl is not None)
    noon = 16 * HOUR_US + to_micros(datetime(2025, 3, 12, tzinfo=UTC))
    price = round((first[1].price or 0.0) - 0.5, 4)
    asked: list[tuple[int, dict[str, Any]]] = [
        (first[0] + 1, {"kind": "correct_execution", "execution": first[1].id,
                        "qty": first[1].qty, "price": price}),
        (noon, {"kind": "disable_strategy", "strategy": "mean_reversion"}),
        (noon + DAY_US, {"kind": "enable_strategy", "strategy": "mean_reversion"}),
        (noon + 2 * DAY_US, {"kind": "reset_account", "cash": 500_000}),
    ]  # fmt: skip

    demo, summary = play(services, days(3, 2), before=lambda d: command_at(d, *asked))
    assert summary["accounted"], summary.get("first_unaccounted")
    rows = summary["rows"]
    assert (rows["execution_corrections"], rows["account_resets"], rows["commands"]) == (1, 1, 4)
    archive = archive_of(demo)
    revised = [b for _, b in archive.messages(LEARNING_OUTCOMES) if b.revision]
    assert [b.causes[1] for b in revised] == [first[1].id]
    assert revised[0].realized_pnl < (revised[0].replaced_pnl or 0)
    told = [b for _, b in archive.messages(LEARNING_ADJUSTMENTS) if b.strategy == "mean_reversion"]
    assert told[0].guardrail == "disabled"
    assert told[-1].guardrail != "disabled"
    off = [
        r.stamp for r, b in archive.messages(SIGNALS_GENERATED)
        if any(v.strategy == "mean_reversion" for v in b.strategy_sources)
    ]  # fmt: skip
    assert not [stamp for stamp in off if noon <= stamp < noon + DAY_US]
    assert min(off) < noon
    assert max(off) > noon + DAY_US
    assert Decimal(summary["equity"]) < 600_000
    for day in archive.days:
        assert isinstance(certify(archive, day), Certificate)
    assert differences(window_of(archive, None, DAYS[2]))[1] == []
    for day in DAYS:
        assert differences(window_of(archive, day, day))[1] == []


def test_weights_may_stay_as_they_are(services: Services) -> None:
    fixed = Settings(learning=LearningParams("fixed"))
    demo, summary = play(services, days(2, 2), settings=fixed)
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["weight_changes"] == summary["rows"]["learning_adjustments"] == 0
    for day in archive_of(demo).days:
        assert isinstance(certify(archive_of(demo), day), Certificate)
