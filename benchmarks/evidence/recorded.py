"""The rules on recorded bars, with costs: each run whole, judged by sessions it had not seen.

Learning uses the past only, so a run is its own walk forward; beside the rules stands who follows,
window by window, the rule that was best before.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from connectors.market.bar_file import BarFile
from flows.backtest.options import for_interval
from flows.backtest.results import Result, result_of
from flows.backtest.run import Inputs, run_backtest
from operators import metrics
from operators.params import LearningParams, Params, equal_weights

Rule = Literal["fixed", "ewma", "hedge"]
RULES: Final[tuple[Rule, ...]] = ("fixed", "ewma", "hedge")
TRAIN, TEST = 40, 20  # sessions
T_95: Final = statistics.NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Sample:
    """A recorded file, and news where there is some of its time."""

    name: str
    bars: str
    news: str = ""
    splits: Literal["refuse", "adjust", "keep"] = "keep"


SAMPLES: Final = (
    Sample(
        "14 days of minutes, 22 tickers, with headlines", "bars/minute_yahoo_2026-03.parquet",
        "news/yahoo_headlines_2026-02_2026-04.jsonl.gz",
    ),
    Sample(
        "60 days of five minutes, 22 tickers, with headlines",
        "bars/five_minute_yahoo_2025-12_2026-03.parquet",
        "news/yahoo_headlines_2026-02_2026-04.jsonl.gz",
    ),
    Sample("5 years of days, 44 tickers", "bars/daily_stocknet_2012_2017.parquet"),
    Sample("2 years of days, 22 tickers", "bars/daily_yahoo_to_2026-03.parquet", splits="adjust"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A rule on a sample.

    Attributes:
        total: return after costs; sharpe: annual; fall: deepest, negative.
        difference: mean return of a session less that of fixed weights, basis points; low, high:
            its 95 % interval, by paired sessions; None for fixed weights themselves.
        weights: at the end.
    """

    sample: str
    rule: str
    sessions: int
    total: float
    sharpe: float | None
    fall: float
    difference: float | None
    low: float | None
    high: float | None
    changes: int
    weights: dict[str, float]


def measure(data: Path) -> list[Line]:
    """Run every rule on every sample that is there."""
    found = []
    for sample in SAMPLES:
        if (data / sample.bars).exists():
            found += _sample(data, sample)
    return found


def _sample(data: Path, sample: Sample) -> list[Line]:
    results: dict[Rule, Result] = {rule: _run(data, sample, rule) for rule in RULES}
    returns = {rule: [day.returned for day in r.days] for rule, r in results.items()}
    base = returns["fixed"]
    lines = [
        _line(sample, rule, returns[rule], base, r.learning.changes, r.learning.weights)
        for rule, r in results.items()
    ]
    followed = _follow(returns)
    if followed:
        start = len(base) - len(followed)
        lines.append(
            _line(sample, f"the best of the {TRAIN} before", followed, base[start:], 0, {})
        )
    return lines


def _run(data: Path, sample: Sample, rule: Rule) -> Result:
    bars = BarFile(data / sample.bars, "")
    params = for_interval(replace(Params(), learning=LearningParams(rule)), bars.survey().interval)
    news = data / sample.news if sample.news else None
    inputs = Inputs(bars, news, splits=sample.splits)
    return result_of(run_backtest(inputs, params, equal_weights()), with_trades=False)


def _follow(returns: Mapping[Rule, list[float]]) -> list[float]:
    """Return the sessions of who follows, window by window, the rule that was best before."""
    count, followed = len(returns["fixed"]), list[float]()
    for start in range(TRAIN, count, TEST):
        best = max(RULES, key=lambda rule: sum(returns[rule][start - TRAIN : start]))
        followed += returns[best][start : start + TEST]
    return followed


def _line(
    sample: Sample, rule: str, returns: Sequence[float], base: Sequence[float], changes: int,
    weights: dict[str, float],
) -> Line:  # fmt: skip
    apart = [1e4 * (a - b) for a, b in zip(returns, base, strict=True)]
    mean, half = None, None
    if rule != "fixed" and len(apart) > 1:
        mean = statistics.fmean(apart)
        half = T_95 * statistics.stdev(apart) / math.sqrt(len(apart))
    return Line(
        sample.name, rule, len(returns), metrics.total_return(returns), metrics.sharpe(returns),
        metrics.drawdown(returns).depth, mean,
        None if mean is None or half is None else mean - half,
        None if mean is None or half is None else mean + half, changes, weights,
    )  # fmt: skip
