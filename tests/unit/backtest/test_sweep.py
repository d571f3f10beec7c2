"""Sweeps by their parts: axes, draws, settings, windows of a walk forward."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.market.bar_file import BarFile
from connectors.parameters import ParameterInvalid
from flows.backtest.options import CannotBacktest
from flows.backtest.run import Inputs
from flows.backtest.sweep import (
    FIGURES,
    MAX_RUNS,
    SCORES,
    Asked,
    Axis,
    combinations,
    rules_of,
    run_sweep,
)
from operators.params import Params, equal_weights
from tests.unit.backtest.conftest import EAGER, SESSIONS

STOPS = Axis("risk", "stop_loss_bps", ("50", "500"))


axes = st.lists(
    st.integers(1, 4).map(lambda n: tuple(str(i) for i in range(n))), min_size=1, max_size=3
).map(lambda found: tuple(Axis("g", f"n{i}", values) for i, values in enumerate(found)))


@given(axes, st.integers(0, 70), st.integers(0, 5))
def test_combinations_are_different_and_as_many_as_asked(
    found: Sequence[Axis], draws: int, seed: int
) -> None:
    asked = Asked(tuple(found), draws=draws, seed=seed)
    count = 1
    for axis in found:
        count *= len(axis.values)
    made = combinations(asked)
    assert len(made) == (min(draws, count) if draws else count)
    assert len({tuple(settings.items()) for settings in made}) == len(made)
    for settings in made:
        assert all(settings[axis.path] in axis.values for axis in found)
    assert made == combinations(asked), "a seed draws the same again"


def test_too_many_runs_are_refused_before_the_first() -> None:
    wide = tuple(Axis("g", str(n), tuple(map(str, range(100)))) for n in range(3))
    with pytest.raises(CannotBacktest, match="1,000,000 runs are too many"):
        combinations(Asked(wide))
    assert len(combinations(Asked(wide, draws=10))) == 10
    with pytest.raises(CannotBacktest, match="too many"):
        combinations(Asked(wide, draws=MAX_RUNS + 1))


def test_settings_are_parameters_or_weights() -> None:
    settings = {"risk.stop_loss_bps": "77", "weights.momentum": "0.25", "news_driven.weight": "0"}
    params, weights = rules_of(settings, Params(), equal_weights())
    assert params.risk.stop_loss_bps == 77
    assert weights == {"momentum": 0.25, "mean_reversion": 0.333333, "news_driven": 0.0}
    assert equal_weights()["momentum"] == 0.333334


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("weights.nobody", "1", "a weight of momentum, mean_reversion, news_driven"),
        ("weights.momentum", "1.5", "from 0 to 1"),
        ("momentum.weight", "x", "from 0 to 1"),
        ("risk.nothing", "1", "there is no such parameter"),
        ("risk.stop_loss_bps", "-1", "risk.stop_loss_bps=-1"),
    ],
)
def test_settings_that_are_not_there(path: str, value: str, said: str) -> None:
    with pytest.raises((CannotBacktest, ParameterInvalid), match=said):
        rules_of({path: value}, Params(), equal_weights())


def test_runs_are_ranked_and_a_walk_forward_covers_the_sessions(played: BarFile) -> None:
    asked = Asked((STOPS,), by="total_return", train=2, test=1, jobs=1)
    told: list[tuple[int, int]] = []
    sweep = run_sweep(
        Inputs(played), EAGER, equal_weights(), asked, lambda done, of: told.append((done, of))
    )
    assert told[-1] == (2, 2)
    totals = [run.figures["total_return"] for run in sweep.runs]
    assert totals == sorted(totals, reverse=True)
    assert all(set(run.figures) == set(FIGURES) for run in sweep.runs)
    assert all(len(run.returns) == len(SESSIONS) for run in sweep.runs)
    spans = [(w.trained, w.tested) for w in sweep.windows]
    assert spans == [
        ((SESSIONS[0], SESSIONS[1]), (SESSIONS[2], SESSIONS[2])),
        ((SESSIONS[1], SESSIONS[2]), (SESSIONS[3], SESSIONS[3])),
    ]
    assert set(sweep.forward) < set(SCORES)
    tested = [w.out_of_sample for w in sweep.windows]
    assert None not in tested
    grown = 1.0
    for value in tested:
        grown *= 1 + (value or 0.0)
    assert sweep.forward["total_return"] == pytest.approx(grown - 1)


def test_too_few_sessions_to_walk_forward(played: BarFile) -> None:
    asked = Asked((STOPS,), train=4, test=1, jobs=1)
    with pytest.raises(CannotBacktest, match="4 sessions are too few to train on 4 and test on 1"):
        run_sweep(Inputs(played), EAGER, equal_weights(), asked)
