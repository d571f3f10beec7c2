"""`tidewire sweep`: many backtests of one input, and a warning when the best is likely luck."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from connectors.garbage import settle_memory
from connectors.parameters import parse_setting
from flows.backtest.options import CannotBacktest
from flows.backtest.request import inputs_of, rules_of
from flows.backtest.sweep import LUCK, SCORES, Asked, Axis, Sweep, run_sweep
from stack.commands.backtest_options import add_input, asked
from stack.commands.options import at_least
from stack.commands.table import text_table
from stack.compiling import say_if_cold

SHOWN: Final = ("total_return", "sharpe", "max_drawdown", "closed_trades")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_input(parser)
    parser.set_defaults(preset="", commission="")
    parser.add_argument("--over", action="append", default=[], metavar="GROUP.NAME=A,B or A:B:STEP",
                        help="a parameter and its values; weights.NAME is one too")  # fmt: skip
    parser.add_argument(
        "--random", type=at_least(0), default=0, metavar="N", help="draw N combinations"
    )
    parser.add_argument("--seed", type=at_least(0), default=1, help="of the draw")
    parser.add_argument("--by", default="sharpe", choices=tuple(SCORES), help="figure to rank by")
    parser.add_argument("--walk-forward", default="", metavar="TRAIN:TEST", help="in sessions")
    parser.add_argument(
        "--jobs", type=at_least(0), default=0, help="processes (default: one per core)"
    )
    parser.add_argument("--limit", type=at_least(0), default=20, help="runs to list; 0: all")
    parser.add_argument("--json", action="store_true", help="one JSON line")


def run(options: argparse.Namespace) -> int:
    """Run a sweep.

    Raises:
        CannotBacktest: it is asked for what is not there.
        InputUnusable: a file cannot be read.
        SplitFound: prices jump as in a split.
    """
    settle_memory()
    if not options.over:
        reason = "Name what to sweep over, such as --over risk.stop_loss_bps=100,300,500."
        raise CannotBacktest(reason)
    train, test = _walk(options.walk_forward)
    axes = tuple(axis_of(text) for text in options.over)
    for n, axis in enumerate(axes):
        if axis.path in {before.path for before in axes[:n]}:
            reason = f"--over {axis.path} is named twice: list all its values once."
            raise CannotBacktest(reason)
    wanted = Asked(
        axes, options.random, options.seed, options.by, train, test, options.jobs
    )  # fmt: skip
    say_if_cold()
    with _progress(quiet=options.json) as progress, TemporaryDirectory() as place:
        request, files = asked(options, Path(place))
        sweep = run_sweep(inputs_of(request, files), *rules_of(request), wanted, progress)
    text = msgspec.json.encode(sweep).decode() if options.json else in_words(sweep, options.limit)
    sys.stdout.write(text + "\n")
    return 0


def axis_of(text: str) -> Axis:
    """Read `risk.stop_loss_bps=100,300,500`, `momentum.window=10:40:5` or `weights.momentum=0,1`.

    Raises:
        CannotBacktest: it is not of that form.
    """
    group, name, values = parse_setting(text)
    if (parts := values.split(":")) and len(parts) == 3:
        try:
            first, last, step = map(int, parts)
            found = tuple(map(str, range(first, last + 1, step)))
        except ValueError:
            found = ()
        if not found:
            reason = f"--over {text}: write FIRST:LAST:STEP in whole numbers, from low to high."
            raise CannotBacktest(reason)
        return Axis(group, name, found)
    return Axis(group, name, tuple(v.strip() for v in values.split(",")))


def in_words(sweep: Sweep, limit: int) -> str:
    """Return a sweep as a table, best first."""
    columns = [sweep.by, *(name for name in SHOWN if name != sweep.by)]
    lines = [f"{len(sweep.runs):,} runs, best by {sweep.by} first"]
    rows = [
        (*(_figure(run.figures[name]) for name in columns), _settings(run.settings))
        for run in sweep.runs[: limit or None]
    ]
    lines.append(text_table((*(f">{name}" for name in columns), "settings"), rows))
    if limit and len(sweep.runs) > limit:
        lines.append(f"... {len(sweep.runs) - limit:,} more (--limit 0 shows all)")
    lines += [
        f"trained {w.trained[0]} to {w.trained[1]}: {_figure(w.in_sample)}; tested {w.tested[0]} "
        f"to {w.tested[1]}: {_figure(w.out_of_sample)}; {_settings(w.settings)}"
        for w in sweep.windows
    ]
    if sweep.forward:
        figures = ", ".join(f"{n} {_figure(v)}" for n, v in sweep.forward.items())
        lines.append(f"all tested sessions together: {figures}")
    lines.append(_luck(sweep))
    return "\n".join(lines)


def _luck(sweep: Sweep) -> str:
    chance = sweep.not_luck
    if chance is None:
        return "too few runs or sessions to tell the best from luck"
    words = f"the best Sharpe ratio of {len(sweep.runs):,} is no luck with a chance of {chance:.0%}"
    if chance < LUCK:
        return f"WARNING: {words}: likely the luckiest, not the best. Try --walk-forward."
    return words


def _walk(text: str) -> tuple[int, int]:
    if not text:
        return 0, 0
    train, _, test = text.partition(":")
    if not (train.isdigit() and test.isdigit() and int(train) and int(test)):
        reason = f"--walk-forward {text}: write TRAIN:TEST in sessions, such as 60:20."
        raise CannotBacktest(reason)
    return int(train), int(test)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("runs", total=None)
        yield lambda done, every: progress.update(task, completed=done, total=every)


def _figure(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{float(value):,.4f}"


def _settings(settings: dict[str, str]) -> str:
    return " ".join(f"{path}={value}" for path, value in settings.items())
