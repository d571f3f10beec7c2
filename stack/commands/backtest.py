"""`tidewire backtest`: bars and news through the operators, and what came of it."""

import argparse
import gc
import resource
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from connectors.market.bar_file import BarFile
from connectors.settings import load_settings
from connectors.user_strategies import strategy_names
from flows.backtest.options import (
    COMMISSIONS,
    JOB_V1,
    JOB_WEIGHTS,
    CannotBacktest,
    for_interval,
    moment_of,
    parse_set,
    warmed_up,
    weights_of,
    with_settings,
)
from flows.backtest.results import Result, result_of
from flows.backtest.run import Inputs, Splits, run_backtest
from operators.blocks import Event
from operators.params import OwnParams, Params

JOB_FIELDS: Final = (
    "fills", "closed_trades", "final_equity", "rejects", "stops", "open_positions", "bars",
    "engine_s", "engine_cpu_s",
)  # fmt: skip


def run_command(options: argparse.Namespace) -> tuple[str, int]:
    """Run one backtest; returns what to print, and the exit code.

    Raises:
        CannotBacktest: it is asked for what is not there.
        InputUnusable: a file cannot be read.
        SplitFound: prices jump as in a split.
    """
    if options.from_archive and ".." not in options.from_archive:
        from stack.commands.backtest_archive import day_again

        return day_again(options)
    settle_memory()
    began = time.time()
    params, weights = rules_of(options)
    with TemporaryDirectory() as place:
        inputs = inputs_of(options, Path(place))
        ran = _with_progress(inputs, params, weights, options)
        result = result_of(ran, with_trades=not options.preset)
    settings = _in_a_line(params, weights)
    if options.report:
        from flows.backtest.tear_sheet import tear_sheet

        what = options.from_archive or options.from_database or Path(options.bars).name
        page = tear_sheet(result, f"Backtest of {what}", settings)
        options.report.write_text(page)
    if options.preset:
        return job_line(result), 0
    from stack.commands.backtest_store import store

    kept = store(options, params, weights, result, began)
    if options.json:
        return msgspec.json.encode({**msgspec.to_builtins(result), **_cost()}).decode(), 0
    said = in_words(result)
    if options.report:
        said += f"\nreport: {options.report}"
    return said + kept, 0


def settle_memory() -> None:
    """Leave what is loaded out of garbage collection: a full one takes longer than a backtest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def rules_of(options: argparse.Namespace) -> tuple[Params, dict[str, float]]:
    """Return the parameters and weights that a command line asks for.

    Raises:
        CannotBacktest: a name or a value is not there.
    """
    if options.preset:
        return JOB_V1, JOB_WEIGHTS
    sets = [parse_set(text) for text in options.set]
    for name, value in COMMISSIONS.get(options.commission, {}).items():
        sets.insert(0, ("fills", name, str(value)))
    if options.fill:
        sets.append(("fills", "model", options.fill))
    if options.slippage_bps is not None:
        sets.append(("fills", "slippage_bps", str(options.slippage_bps)))
    if options.capital:
        sets.append(("account", "start_cash", str(options.capital)))
    params = with_settings(load_settings().params, sets)
    if options.strategy:
        own = OwnParams((*params.own.strategies, *options.strategy))
        params = replace(params, own=own)
    weights = weights_of(options.weights, strategy_names(params))
    return for_interval(params, options.interval), weights


def inputs_of(options: argparse.Namespace, place: Path) -> Inputs:
    """Return the inputs that a command line names; stored bars are written to a place.

    Raises:
        CannotBacktest: there are none.
    """
    scored: tuple[Event, ...] = ()
    if options.from_database:
        from stack.commands.backtest_store import stored

        options.bars, scored = stored(options, place)
    elif options.from_archive:
        from stack.commands.backtest_archive import archived

        options.bars, scored = archived(options, place)
    if options.bars is None:
        reason = (
            "Name a Parquet or CSV file with --bars, a run's schema with --from-database, or a day "
            "with --from-archive."
        )
        raise CannotBacktest(reason)
    first, last = moment_of(options.first, "--from"), moment_of(options.last, "--to")
    since, trade_from = warmed_up(first, options.warm_up)
    bars = BarFile(options.bars, options.interval, since, last)
    splits: Splits = "keep" if options.preset else options.splits
    return Inputs(bars, options.news, scored, trade_from, splits, options.benchmark)


def job_line(result: Result) -> str:
    """Return the common job's figures as one JSON line."""
    found = {name: getattr(result, name) for name in JOB_FIELDS}
    return msgspec.json.encode({**found, **_cost()}).decode()


def in_words(r: Result) -> str:
    """Return a result as a table."""
    rows: list[tuple[str, Any, str]] = [
        ("sessions", len(r.days), ",d"), ("bars", r.bars, ",d"), ("articles", r.articles, ",d"),
        ("signals", r.signals, ",d"), ("fills", r.fills, ",d"),
        ("closed trades", r.closed_trades, ",d"), ("stopped out", r.stops, ",d"),
        ("open positions", r.open_positions, ",d"), ("final equity", float(r.final_equity), ",.2f"),
        ("total return", r.total_return, ".2%"), ("annual return", r.annual_return, ".2%"),
        ("volatility", r.volatility, ".2%"), ("Sharpe", r.sharpe, ".2f"),
        ("Sortino", r.sortino, ".2f"), ("Calmar", r.calmar, ".2f"),
        ("deepest drawdown", r.max_drawdown, ".2%"),
        ("longest drawdown, sessions", r.max_drawdown_days, ",d"), ("win rate", r.win_rate, ".1%"),
        ("mean win", r.mean_win, ",.2f"), ("mean loss", r.mean_loss, ",.2f"),
        ("profit factor", r.profit_factor, ".2f"), ("mean hold, minutes", r.hold_minutes, ",.0f"),
        ("exposure", r.exposure, ".1%"), ("turnover", r.turnover, ",.1f"),
        ("commissions", r.commissions, ",.2f"), ("buy and hold", r.buy_and_hold, ".2%"),
    ]  # fmt: skip
    if r.benchmark:
        rows.append((f"{r.benchmark['ticker']} itself", r.benchmark["total_return"], ".2%"))
    lines = [f"{r.first} to {r.last}"]
    lines += [f"{n:<28}{'-' if v is None else format(v, f):>16}" for n, v, f in rows]
    lines += [f"{'profit of ' + s:<28}{v:>16,.2f}" for s, v in r.attribution.items()]
    denied = ", ".join(f"{code} {n:,}" for code, n in r.rejects.items())
    lines.append(f"denied: {denied or 'nothing'}")
    if r.refused:
        lines.append("refused bars: " + ", ".join(f"{k} {n:,}" for k, n in r.refused.items()))
    lines.append(f"{r.bars / max(r.engine_cpu_s, 1e-9):,.0f} bars a CPU second in the loop")
    return "\n".join(lines)


def _with_progress(
    inputs: Inputs, params: Params, weights: dict[str, float], options: argparse.Namespace
) -> Any:
    if options.json or options.preset or not sys.stderr.isatty():
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
