"""Figures equal to empyrical and quantstats where they agree; undefined is None."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from operators import metrics

OURS: dict[str, Callable[[list[float]], float | None]] = {
    "sharpe": metrics.sharpe,
    "sortino": metrics.sortino,
    "max_drawdown": lambda r: metrics.drawdown(r).depth,
    "cagr": metrics.annual_return,
    "annual_volatility": metrics.volatility,
    "calmar": metrics.calmar,
    "omega": metrics.profit_factor,
    "cum_return": metrics.total_return,
}
ALSO = {"win_rate": metrics.win_rate, "avg_win": metrics.mean_gain, "avg_loss": metrics.mean_loss}


def number(value: Any) -> float | None:
    return value if isinstance(value, float | int) and math.isfinite(value) else None


@pytest.mark.recorded
def test_figures_equal_the_references_where_these_agree(recorded: Path) -> None:
    reference = json.loads((recorded.parent / "bench/metrics_reference.json").read_text())
    compared = 0
    for name, case in reference["cases"].items():
        for figure, compute in OURS.items():
            a, b = (number(case[lib].get(figure)) for lib in ("empyrical", "quantstats"))
            found = compute(case["returns"])
            if a is None and b is None:
                assert found is None, (name, figure)
            elif a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9):
                assert found == pytest.approx(a, rel=1e-9, abs=1e-9), (name, figure)
                compared += 1
        for figure, compute in ALSO.items():
            theirs = number(case["quantstats"].get(figure))
            if theirs is not None and name != "flat":
                assert compute(case["returns"]) == pytest.approx(theirs, rel=1e-9)
                compared += 1
    assert compared > 40


@pytest.mark.parametrize("returns", [[], [0.01], [0.01, 0.01], [0.0] * 5])
def test_undefined_is_none(returns: list[float]) -> None:
    assert metrics.sharpe(returns) is None
    assert metrics.sortino(returns) is None
    assert metrics.calmar(returns) is None
    assert metrics.profit_factor(returns) is None
    assert metrics.mean_loss(returns) is None


def test_annual_return_is_none_without_capital_or_beyond_numbers() -> None:
    assert metrics.annual_return([-1.0]) is None
    assert metrics.annual_return([30.0]) is None
    assert metrics.annual_return([]) is None


def test_the_deepest_fall_and_the_longest_wait() -> None:
    found = metrics.drawdown([0.1, -0.2, 0.05, 0.3, -0.01, -0.01, -0.01, -0.01])
    assert found.depth == pytest.approx(-0.2)
    assert (found.peak, found.trough, found.longest) == (0, 1, 4)
    assert metrics.drawdown([-0.1, 0.0]).peak == -1


def test_the_best_of_many_is_less_likely_skill() -> None:
    alone = metrics.chance_of_best(2.0, 250, 2, 0.5)
    of_many = metrics.chance_of_best(2.0, 250, 1_000, 0.5)
    assert alone is not None
    assert of_many is not None
    assert 0 < of_many < alone < 1
    assert metrics.chance_of_best(2.0, 250, 1, 0.5) is None
