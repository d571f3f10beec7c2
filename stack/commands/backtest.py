"""`tidewire backtest`: bars and news through the operators, and what came of it."""

import argparse
import resource
import sys
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from connectors.files import write_whole
from connectors.garbage import settle_memory
from flows.backtest.request import inputs_of, rules_of
from flows.backtest.results import Result, result_of
from flows.backtest.run import Inputs, Ran, run_backtest
from operators.params import Params
from stack.child import end_with, in_lines
from stack.commands.backtest_options import add_input, asked
from stack.commands.options import add_as_child, add_keep_in, writable
from stack.compiling import say_if_cold

SHOWN_HELD: Final = 10
NOT_WRITTEN: Final = "report NOT written to "
ROUNDED_TO: Final = {"prices": "1/10,000 dollar", "volumes": "whole shares"}
JOB_FIELDS: Final = (
    "fills", "closed_trades", "final_equity", "rejects", "stops", "open_positions", "bars",
    "engine_s", "engine_cpu_s",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_input(parser)
    parser.add_argument("--preset", choices=("job-v1",), help="the common job of benchmarks")
    parser.add_argument("--report", type=Path, metavar="OUT.html", help="write a tear sheet")
    parser.add_argument("--schema", default="run_live", help="of TIDEWIRE_DATABASE_URL")
    parser.add_argument("--json", action="store_true", help="one JSON line")
    add_as_child(parser)
    add_keep_in(parser)


def run(options: argparse.Namespace) -> int:
    """Run one backtest; returns 1 when a recorded day does not come out again.

    Raises:
        CannotBacktest: it is asked for what is not there.
        ParameterInvalid: a parameter is unknown or out of range.
        InputUnusable: a file cannot be read.
        SplitFound: prices jump as in a split.
        LearningImpossible: the weights cannot keep the guardrails.
    """
    text, code = _report(options)
    sys.stdout.write(text + "\n")
    return code


def _report(options: argparse.Namespace) -> tuple[str, int]:
    if options.from_archive and ".." not in options.from_archive:
        from stack.commands.archives import open_archive
        from stack.commands.backtest_archive import day_again

        archive = open_archive(
            options.home, options.run, options.from_archive, run_strategies=options.run_strategies
        )
        return day_again(archive, options.from_archive, as_json=options.json)
    if options.report:
        writable("--report", options.report)
    settle_memory()
    if options.as_child:
        end_with(options.as_child)
    began = time.time()
    with TemporaryDirectory() as place:
        request, files = asked(options, Path(place))
        params, weights = rules_of(request)
        shown = not (options.json or options.preset)
        inputs = inputs_of(request, files)
        say_if_cold()
        if options.as_child:
            ran = run_backtest(inputs, params, weights, in_lines(inputs.bars.total()))
        else:
            ran = _with_progress(inputs, params, weights, shown=shown)
        result = result_of(ran, with_trades=not options.preset)
    report = None
    if options.report:
        from flows.backtest.tear_sheet import tear_sheet

        page = tear_sheet(result, f"Backtest of {request.source}", _in_a_line(params, weights))
        report = page.encode()
    if options.preset:
        return job_line(result), 0
    from stack.commands.backtest_store import database, row_of, store

    written = "" if report is None else _write(options.report, report)
    row = row_of(request, result, began, report)
    kept = store(database(options.home, options.schema, options.keep_in), row)
    if options.json:
        found = {"id": row.id, "kept": row.id in kept, **msgspec.to_builtins(result), **_cost()}
        return msgspec.json.encode(found).decode(), 0
    return in_words(result) + written + kept, 2 if NOT_WRITTEN in written else 0


def _write(file: Path, report: bytes) -> str:
    """Write a page; returns a line to add, which says why where that failed."""
    try:
        write_whole(file, report)
    except OSError as error:
        return f"\n{NOT_WRITTEN}{file}: {error.strerror}"
    return f"\nreport: {file}"


def job_line(result: Result) -> str:
    """Return the common job's figures as one JSON line."""
    found = {name: getattr(result, name) for name in JOB_FIELDS}
    found["final_equity"] = f"{float(result.final_equity):.2f}"  # as the job's oracle has it
    return msgspec.json.encode({**found, **_cost()}).decode()


def in_words(r: Result) -> str:
    """Return a result as a table."""
    year = r.for_people
    rows: list[tuple[str, Any, str]] = [
        ("sessions", len(r.days), ",d"), ("bars", r.bars, ",d"), ("articles", r.articles, ",d"),
        ("signals", r.signals, ",d"), ("fills", r.fills, ",d"),
        ("closed trades", r.closed_trades, ",d"), ("stopped out", r.stops, ",d"),
        ("targets met", r.targets, ",d"),
        *([("closed without bars", r.delisted, ",d")] if r.delisted else []),
        ("open positions", r.open_positions, ",d"), ("final equity", float(r.final_equity), ",.2f"),
        ("total return", r.total_return, ".2%"), ("annual return", year(r.annual_return), ".2%"),
        ("volatility", year(r.volatility), ".2%"), ("Sharpe", year(r.sharpe), ".2f"),
        ("Sortino", year(r.sortino), ".2f"), ("Calmar", year(r.calmar), ".2f"),
        ("deepest drawdown", r.max_drawdown, ".2%"),
        ("longest drawdown, sessions", r.max_drawdown_days, ",d"), ("win rate", r.win_rate, ".1%"),
        ("mean win", r.mean_win, ",.2f"), ("mean loss", r.mean_loss, ",.2f"),
        ("profit factor", r.profit_factor, ".2f"), ("mean hold, minutes", r.hold_minutes, ",.0f"),
        ("exposure", r.exposure, ".1%"), ("turnover", r.turnover, ",.1f"),
        ("commissions", r.commissions, ",.2f"), ("buy and hold", r.buy_and_hold, ".2%"),
    ]  # fmt: skip
    if r.benchmark:
        rows.append((f"{r.benchmark['ticker']} itself", r.benchmark["total_return"], ".2%"))
    lines = [f"{r.first} to {r.last}, bars of {r.interval}"]
    lines += [f"{n:<28}{'-' if v is None else format(v, f):>16}" for n, v, f in rows]
    lines += [f"{'profit of ' + s:<28}{v:>16,.2f}" for s, v in r.attribution.items()]
    lines.append(_learnt(r))
    denied = ", ".join(f"{code} {n:,}" for code, n in r.rejects.items())
    lines.append(f"denied: {denied or 'nothing'}")
    lines += [
        f"still open: {h.shares:,} {h.ticker} at {h.mark:,.4f}"
        + (f", without a bar for {h.sessions} sessions, since {h.as_of}" if h.sessions else "")
        for h in r.held[:SHOWN_HELD]
    ]
    if r.cut:
        lines.append(f"cut or rejected at the fill, as cash did not cover them: {r.cut:,} entries")
    for what, counts, first in (
        ("bars", r.refused, r.first_refused), ("news", r.refused_news, r.first_refused_news),
    ):  # fmt: skip
        if counts:
            listed = ", ".join(f"{k} {n:,}" for k, n in counts.items())
            lines.append(f"refused {what}: {listed}" + (f" (first: {first})" if first else ""))
    lines += [
        f"rounded {what} of {n:,} bars to {ROUNDED_TO[what]}" for what, n in r.rounded.items()
    ]
    lines.append(f"{r.bars / max(r.engine_cpu_s, 1e-9):,.0f} bars a CPU second in the loop")
    return "\n".join(lines)


def _learnt(r: Result) -> str:
    """Return the weights at the end in a line."""
    weighed = ", ".join(f"{name} {weight:.4f}" for name, weight in r.learning.weights.items())
    if r.learning.rule == "fixed":
        return f"weights, fixed: {weighed}"
    return f"weights by {r.learning.rule}, {r.learning.changes:,} changes, at last: {weighed}"


def _with_progress(
    inputs: Inputs, params: Params, weights: dict[str, float], *, shown: bool
) -> Ran:
    if not shown or not sys.stderr.isatty():
        return run_backtest(inputs, params, weights)
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("bars"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("bars", total=inputs.bars.total() or None)
        return run_backtest(
            inputs, params, weights, lambda bars: progress.update(task, completed=bars)
        )


def _cost() -> dict[str, Any]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "total_cpu_s": round(time.process_time(), 3),
        "rss_mb": used.ru_maxrss // 1024,
    }


def _in_a_line(params: Params, weights: dict[str, float]) -> str:
    default = asdict(Params())
    changed = [
        f"{group}.{name}={value}"
        for group, values in asdict(params).items()
        for name, value in values.items()
        if default[group][name] != value
    ]
    weighed = ", ".join(f"{name} {weight:.3g}" for name, weight in weights.items())
    return f"Weights: {weighed}. Settings: {', '.join(changed) or 'the defaults'}."
