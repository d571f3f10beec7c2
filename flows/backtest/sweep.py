"""Many backtests of one input: a grid or a draw of parameters, on all cores, and how lucky."""

import itertools
import multiprocessing
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from connectors.market.calendar import session_day
from connectors.parameters import with_settings
from connectors.user_strategies import strategy_names
from flows.backtest.options import CannotBacktest
from flows.backtest.prepared import InMemoryInput, VoteCache, read_input, trade_rows, vote_key
from flows.backtest.results import result_of
from flows.backtest.run import Inputs, Ran
from operators import metrics
from operators.params import Params

FIGURES: Final = (
    "total_return", "annual_return", "volatility", "sharpe", "sortino", "calmar", "max_drawdown",
    "win_rate", "profit_factor", "exposure", "turnover", "fills", "closed_trades", "final_equity",
)  # fmt: skip
MAX_RUNS: Final = 100_000
LUCK: Final = 0.95


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter and its values, as words."""

    group: str
    name: str
    values: tuple[str, ...]

    @property
    def path(self) -> str:
        """Return `group.name`."""
        return f"{self.group}.{self.name}"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a sweep.

    Attributes:
        settings: path -> value.
        figures: by name; None where undefined.
        returns: of each session.
    """

    settings: dict[str, str]
    figures: dict[str, Any]
    returns: list[float]


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a walk forward: the best settings of some sessions, and how the next went."""

    trained: tuple[str, str]
    tested: tuple[str, str]
    settings: dict[str, str]
    in_sample: float | None
    out_of_sample: float | None


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep's result.

    Attributes:
        runs: best first.
        by: the figure they are ranked by.
        not_luck: chance that the best is better than the best of as many without skill; None
            with too few runs or sessions.
        windows: of a walk forward.
        forward: figures of its tested sessions, one after the other.
    """

    runs: list[Run]
    by: str
    not_luck: float | None
    windows: list[Window]
    forward: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a sweep is asked for.

    Attributes:
        axes: parameters with their values.
        draws: combinations to draw at random; 0: all of them.
        seed: of the draw.
        by: figure to rank by.
        train: sessions to choose settings on; 0: no walk forward.
        test: sessions that follow, to trade them on.
        jobs: processes; 0: one per core.
    """

    axes: tuple[Axis, ...]
    draws: int = 0
    seed: int = 1
    by: str = "sharpe"
    train: int = 0
    test: int = 0
    jobs: int = 0


def combinations(asked: Asked) -> list[dict[str, str]]:
    """Return the settings of each run: all combinations, or a draw of them.

    Raises:
        CannotBacktest: there are too many.
    """
    count = 1
    for axis in asked.axes:
        count *= len(axis.values)
    wanted = asked.draws or count
    if wanted > MAX_RUNS:
        reason = f"{wanted:,} runs are too many: draw some with --random N, at most {MAX_RUNS:,}."
        raise CannotBacktest(reason)
    paths = [axis.path for axis in asked.axes]
    if not asked.draws or asked.draws >= count:
        every = itertools.product(*(axis.values for axis in asked.axes))
        return [dict(zip(paths, values, strict=True)) for values in every]
    draw = random.Random(asked.seed)  # noqa: S311 - a draw of settings, not a secret
    numbers = sorted(draw.sample(range(count), asked.draws))
    return [dict(zip(paths, _nth(asked.axes, n), strict=True)) for n in numbers]


def rules_of(
    settings: dict[str, str], params: Params, weights: dict[str, float]
) -> tuple[Params, dict[str, float]]:
    """Return parameters and weights with a run's settings.

    Raises:
        CannotBacktest: a weight is of no strategy, or not from 0 to 1.
        ParameterInvalid: a parameter is unknown or out of range.
    """
    sets, weighed = [], dict(weights)
    for path, value in settings.items():
        group, name = path.split(".")
        strategy = name if group == "weights" else group if name == "weight" else ""
        if not strategy:
            sets.append((group, name, value))
            continue
        try:
            weighed[strategy] = float(value)
        except ValueError:
            weighed[strategy] = -1.0
        names = strategy_names(params)
        if strategy not in names or not 0 <= weighed[strategy] <= 1:
            reason = f"{path}={value}: a weight of {', '.join(names)} is from 0 to 1."
            raise CannotBacktest(reason)
    return with_settings(params, sets), weighed


def run_sweep(
    inputs: Inputs, params: Params, weights: dict[str, float], asked: Asked,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Sweep:  # fmt: skip
    """Run a sweep; with a walk forward, that too.

    Args:
        inputs: what every run reads.
        params: what is not swept over.
        weights: likewise.
        asked: the sweep.
        progress: told the runs done, and all.

    Raises:
        CannotBacktest: a name or value is not there, or the days are too few to walk forward.
        InputUnusable: a file cannot be read.
    """
    every = combinations(asked)
    rules = [rules_of(settings, params, weights) for settings in every]
    whole = read_input(inputs)
    spans = _windows(whole, asked)
    # Runs that share votes stand together, so that a process makes them once.
    order = sorted(range(len(every)), key=lambda i: repr(vote_key(rules[i][0])))
    jobs = asked.jobs or os.cpu_count() or 1
    size = max(1, min(64, -(-len(order) // (4 * jobs))))
    chunks = [order[i : i + size] for i in range(0, len(order), size)]
    tasks = [([(every[i], *rules[i]) for i in chunk], spans) for chunk in chunks]
    found: list[tuple[Run, list[tuple[list[float], list[float]]]]] = []
    for part in _spread(inputs, whole, tasks, jobs):
        found += part
        progress(len(found), len(every))
    ranked = sorted((run for run, _ in found), key=lambda run: _rank(run, asked.by))
    windows, forward = _forward(whole, found, spans, asked.by)
    return Sweep(
        runs=ranked, by=asked.by, not_luck=_not_luck(ranked), windows=windows, forward=forward
    )


Task = tuple[list[tuple[dict[str, str], Params, dict[str, float]]], list[tuple[slice, slice]]]
Part = list[tuple[Run, list[tuple[list[float], list[float]]]]]
_shared: dict[str, Any] = {}


def _spread(inputs: Inputs, whole: InMemoryInput, tasks: list[Task], jobs: int) -> Iterator[Part]:
    """Run tasks on processes of their own, each of which reads the inputs once."""
    if jobs == 1 or len(tasks) == 1:
        _shared.update(whole=whole, votes=VoteCache(whole))
        yield from map(_work, tasks)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(jobs, len(tasks)), _begin, (inputs,)) as pool:
        yield from pool.imap_unordered(_work, tasks)


def _begin(inputs: Inputs) -> None:
    whole = read_input(inputs)
    _shared.update(whole=whole, votes=VoteCache(whole))


def _work(task: Task) -> Part:
    whole, votes = _shared["whole"], _shared["votes"]
    rules, spans = task
    found: Part = []
    for settings, params, weights in rules:
        run = _one(whole, votes, settings, params, weights, slice(whole.start, None))
        halves = [
            (
                _one(whole, votes, settings, params, weights, train).returns,
                _one(whole, votes, settings, params, weights, test).returns,
            )
            for train, test in spans
        ]
        found.append((run, halves))
    return found


def _one(
    whole: InMemoryInput, votes: VoteCache, settings: dict[str, str], params: Params,
    weights: dict[str, float], rows: slice,
) -> Run:  # fmt: skip
    loop, tally, learner = trade_rows(whole, votes, params, weights, rows)
    bars = whole.bars.take(rows)
    ran = Ran(loop, tally, weights, params, bars=bars.size, learner=learner)
    if bars.size:
        ran.first, ran.last = int(bars.stamp[0]), int(bars.stamp[-1])
    result = result_of(ran, with_trades=False)
    figures = {name: getattr(result, name) for name in FIGURES}
    return Run(settings=settings, figures=figures, returns=[d.returned for d in result.days])


def _windows(whole: InMemoryInput, asked: Asked) -> list[tuple[slice, slice]]:
    if not asked.train:
        return []
    sessions, step = whole.sessions(), max(1, asked.test)
    if len(sessions) < asked.train + step:
        reason = (
            f"{len(sessions)} sessions are too few to train on {asked.train} and test on {step}: "
            "use fewer."
        )
        raise CannotBacktest(reason)
    found = []
    for start in range(0, len(sessions) - asked.train - step + 1, step):
        middle = start + asked.train
        train = slice(sessions[start][0], sessions[middle - 1][1] + 1)
        found.append((train, slice(sessions[middle][0], sessions[middle + step - 1][1] + 1)))
    return found


def _forward(
    whole: InMemoryInput, found: Part, spans: Sequence[tuple[slice, slice]], by: str
) -> tuple[list[Window], dict[str, float | None]]:
    """Choose each window's best by its trained sessions, and chain the tested ones."""
    windows, chained = [], list[float]()
    score = SCORES[by]
    for n, (train, test) in enumerate(spans):
        ranked = sorted(found, key=lambda part: _descending(score(part[1][n][0])))
        run, halves = ranked[0]
        stamps = whole.bars.stamp
        windows.append(
            Window(
                trained=(session_day(int(stamps[train][0])), session_day(int(stamps[train][-1]))),
                tested=(session_day(int(stamps[test][0])), session_day(int(stamps[test][-1]))),
                settings=run.settings, in_sample=score(halves[n][0]),
                out_of_sample=score(halves[n][1]),
            )
        )  # fmt: skip
        chained += halves[n][1]
    if not windows:
        return [], {}
    names = ("total_return", "annual_return", "volatility", "sharpe", "sortino", "max_drawdown")
    return windows, {name: SCORES[name](chained) for name in names}


SCORES: Final[dict[str, Callable[[Sequence[float]], float | None]]] = {
    "total_return": metrics.total_return,
    "annual_return": metrics.annual_return,
    "volatility": metrics.volatility,
    "sharpe": metrics.sharpe,
    "sortino": metrics.sortino,
    "calmar": metrics.calmar,
    "max_drawdown": lambda returns: metrics.drawdown(returns).depth,
}


def _not_luck(runs: Sequence[Run]) -> float | None:
    """Return the chance that the best Sharpe ratio is no luck, given how many were tried."""
    sharpes = [r.figures["sharpe"] for r in runs if r.figures["sharpe"] is not None]
    if len(sharpes) < 2:
        return None
    mean = sum(sharpes) / len(sharpes)
    spread = (sum((s - mean) ** 2 for s in sharpes) / (len(sharpes) - 1)) ** 0.5
    best = max(sharpes)
    days = next(len(r.returns) for r in runs if r.figures["sharpe"] == best)
    return metrics.chance_of_best(best, days, len(sharpes), spread)


def _rank(run: Run, by: str) -> tuple[float, str]:
    value = run.figures[by]
    return _descending(None if value is None else float(value)), repr(run.settings)


def _descending(value: float | None) -> float:
    return float("inf") if value is None else -value


def _nth(axes: Sequence[Axis], n: int) -> list[str]:
    values = []
    for axis in reversed(axes):
        n, place = divmod(n, len(axis.values))
        values.append(axis.values[place])
    return values[::-1]
