"""Sweeps: each run is the backtest of its settings; a walk forward never sees its test."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.generate import generate
from connectors.market.bar_file import BarFile
from connectors.market.simulated import record_days
from connectors.parameters import ParameterInvalid
from flows.backtest.options import CannotBacktest
from flows.backtest.results import result_of
from flows.backtest.run import Inputs, run_backtest
from flows.backtest.sweep import Asked, Axis, combinations, rules_of, run_sweep
from operators.params import Params, equal_weights
from stack.cli import main
from stack.commands.sweep import axis_of

STOPS = Axis("risk", "stop_loss_bps", ("50", "300"))
WINDOWS = Axis("momentum", "window", ("10", "20"))
WEIGHTS = Axis("weights", "news_driven", ("0", "0.5"))


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return record_days(tmp_path_factory.mktemp("day"), 7)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import pyarrow.parquet as pq

    file = tmp_path_factory.mktemp("month") / "bars.parquet"
    pq.write_table(generate(6, 12, 5), file)
    return file


def test_each_run_is_the_backtest_of_its_settings(day: tuple[Path, Path]) -> None:
    inputs = Inputs(BarFile(day[0]), day[1])
    sweep = run_sweep(
        inputs,
        Params(),
        equal_weights(),
        Asked((STOPS, WINDOWS, WEIGHTS), by="total_return", jobs=1),
    )
    assert len(sweep.runs) == 8
    for run in sweep.runs:
        params, weights = rules_of(run.settings, Params(), equal_weights())
        alone = result_of(run_backtest(inputs, params, weights))
        assert run.figures["final_equity"] == alone.final_equity, run.settings
        assert run.figures["closed_trades"] == alone.closed_trades
    totals = [run.figures["total_return"] for run in sweep.runs]
    assert totals == sorted(totals, reverse=True)
    assert len(set(totals)) > 4
    assert sweep.not_luck is None  # a day has no Sharpe ratio


@pytest.mark.timeout(400)
def test_processes_change_nothing(month: Path) -> None:
    inputs = Inputs(BarFile(month), splits="keep")
    found = [
        run_sweep(
            inputs, Params(), equal_weights(), Asked((STOPS, WINDOWS), jobs=jobs, train=4, test=2)
        )
        for jobs in (1, 2)
    ]
    assert found[0] == found[1]
    assert found[0].not_luck is not None


def test_a_walk_forward_tests_what_it_did_not_train_on(month: Path) -> None:
    inputs = Inputs(BarFile(month), splits="keep")
    seen: list[tuple[int, int]] = []
    sweep = run_sweep(
        inputs, Params(), equal_weights(), Asked((STOPS, WINDOWS), train=4, test=3, jobs=1),
        lambda done, every: seen.append((done, every)),
    )  # fmt: skip
    assert len(sweep.windows) == 2
    for window in sweep.windows:
        assert window.trained[0] <= window.trained[1] < window.tested[0] <= window.tested[1]
    assert sweep.windows[0].tested[1] < sweep.windows[1].tested[0]
    assert sweep.forward["total_return"] is not None
    assert seen[-1] == (4, 4)


def test_the_days_before_a_first_day_warm_up(month: Path) -> None:
    start = datetime(2024, 1, 9, 14, tzinfo=UTC)
    file = BarFile(month, "1m", start - timedelta(days=5))
    trade_from = int(start.timestamp()) * 1_000_000
    (run,) = run_sweep(
        Inputs(file, trade_from=trade_from, splits="keep"), Params(), equal_weights(),
        Asked((Axis("risk", "stop_loss_bps", ("300",)),), jobs=1),
    ).runs  # fmt: skip
    assert len(run.returns) == 7  # of twelve sessions from the second to the seventeenth


def test_a_draw_is_the_same_every_time() -> None:
    axes = (Axis("risk", "stop_loss_bps", tuple(map(str, range(100)))), WINDOWS)
    drawn = combinations(Asked(axes, draws=10, seed=3))
    assert len(drawn) == 10
    assert drawn == combinations(Asked(axes, draws=10, seed=3))
    assert drawn != combinations(Asked(axes, draws=10, seed=4))
    assert len({json.dumps(d) for d in drawn}) == 10
    every = combinations(Asked(axes))
    assert len(every) == 200
    assert all(d in every for d in drawn)


def test_values_are_lists_or_ranges() -> None:
    assert axis_of("risk.stop_loss_bps=100, 300") == Axis("risk", "stop_loss_bps", ("100", "300"))
    assert axis_of("momentum.window=10:30:10").values == ("10", "20", "30")
    assert axis_of("strategies.momentum.weight=0,1").path == "momentum.weight"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked((Axis("risk", "nonsense", ("1",)),)), "no such parameter"),
        (Asked((Axis("weights", "magic", ("1",)),)), "is from 0 to 1"),
        (Asked((Axis("weights", "momentum", ("high",)),)), "is from 0 to 1"),
        (Asked((STOPS,), train=50, test=10), "too few to train on 50"),
        (Asked((Axis("risk", "stop_loss_bps", ("1",) * 200_000),)), "too many"),
    ],
)
def test_what_cannot_be_swept_says_why(month: Path, asked: Asked, words: str) -> None:
    with pytest.raises((CannotBacktest, ParameterInvalid), match=words):
        run_sweep(Inputs(BarFile(month), splits="keep"), Params(), equal_weights(), asked)


def test_the_command_warns_of_luck(month: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: str, code: int = 0) -> str:
        wanted = ["sweep", "--bars", str(month), "--splits", "keep", "--jobs", "1", *arguments]
        assert main(wanted) == code
        captured = capsys.readouterr()
        return captured.out + captured.err

    table = said("--over", "risk.stop_loss_bps=50:500:50", "--limit", "3", "--walk-forward", "4:3")
    assert "WARNING: the best Sharpe ratio of 10" in table
    assert "7 more" in table
    assert "tested 2024-01-" in table
    values: dict[str, Any] = json.loads(said("--over", "risk.stop_loss_bps=50,300", "--json"))
    assert len(values["runs"]) == 2
    assert "Name what to sweep over" in said(code=2)
    assert "write TRAIN:TEST" in said(
        "--over", "risk.stop_loss_bps=1", "--walk-forward", "5", code=2
    )
    assert "FIRST:LAST:STEP" in said("--over", "risk.stop_loss_bps=a:b:c", code=2)
