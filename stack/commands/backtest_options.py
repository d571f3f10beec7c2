"""What the command line asks of a backtest or a sweep, as a request and the files it means."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from connectors.market.bar_file import BarFile
from connectors.market.calendar import NEW_YORK
from connectors.parameters import parse_setting, with_settings
from connectors.settings import Settings, load_settings
from connectors.user_strategies import strategy_names
from flows.backtest.options import (
    JOB_V1,
    JOB_WEIGHTS,
    CannotBacktest,
    for_interval,
)
from flows.backtest.request import Files, name_of, request_of
from messages.market import INTERVALS
from messages.requests import BacktestRequest
from operators.commissions import COMMISSIONS
from operators.params import STRATEGIES, OwnParams, Params, equal_weights
from stack.commands.options import add_run_strategies, at_least


def add_input(parser: argparse.ArgumentParser) -> None:
    """Add what names the input and the rules of a backtest or a sweep."""
    parser.add_argument("--bars", type=Path, help="Parquet or CSV file of bars")
    parser.add_argument("--news", type=Path, help="JSON Lines file of articles, .gz or plain")
    parser.add_argument("--from-archive", default="", metavar="DAY or DAY..DAY",
                        help="a recorded day again, or some days as input")  # fmt: skip
    parser.add_argument("--run", default="", help="a run's name, for --from-archive")
    add_run_strategies(parser)
    parser.add_argument("--from-database", default="", metavar="SCHEMA",
                        help="bars and scores stored by a run, such as run_live")  # fmt: skip
    parser.add_argument("--interval", choices=sorted(INTERVALS), default="",
                        help="of a bar (default: read off the file; 1m of a database)")  # fmt: skip
    parser.add_argument("--from", dest="first", default="", metavar="DAY", help="first day")
    parser.add_argument("--to", dest="last", default="", metavar="DAY", help="day after the last")
    parser.add_argument("--warm-up", type=at_least(0), default=0, metavar="DAYS",
                        help="days before --from that warm indicators up")  # fmt: skip
    parser.add_argument(
        "--capital", type=at_least(1), default=0, help="dollars (default: the setting)"
    )
    parser.add_argument("--weights", default="", metavar="NAME=W,...",
                        help="of strategies, at first (default: alike)")  # fmt: skip
    parser.add_argument("--learning", choices=("ewma", "hedge", "fixed"), default="",
                        help="how weights follow from outcomes (default: the setting)")  # fmt: skip
    parser.add_argument("--strategy", action="append", default=[], metavar="FILE.py:CLASS",
                        help="one of your own, besides the built-in ones")  # fmt: skip
    parser.add_argument("--set", action="append", default=[], metavar="GROUP.NAME=VALUE",
                        help="any operator parameter")  # fmt: skip
    parser.add_argument("--fill", choices=("close", "next_open"), help="the fill model")
    parser.add_argument("--slippage-bps", type=at_least(0), help="against every order")
    parser.add_argument("--commission", choices=("none", "alpaca"), default="",
                        help="instead of the settings")  # fmt: skip
    parser.add_argument("--splits", choices=("refuse", "adjust", "keep"), default="refuse")
    parser.add_argument("--benchmark", default="", metavar="TICKER", help="default: SPY")


def asked(options: argparse.Namespace, place: Path) -> tuple[BacktestRequest, Files]:
    """Return what a command line asks for; stored and archived bars are written to a place.

    Raises:
        CannotBacktest: it names no input, or something is not of the form it must have.
        ParameterInvalid: a parameter is unknown or out of range.
        InputUnusable: a file cannot be read.
        RequestInvalid: parts of it contradict each other.
    """
    settings = load_settings()
    first, last = moment_of(options.first, "--from"), moment_of(options.last, "--to")
    if options.warm_up and first is None:
        reason = "--warm-up needs --from: it reads the days before."
        raise CannotBacktest(reason)
    files, interval, source = _inputs(options, settings, place)
    if options.preset:
        params, weights = with_settings(JOB_V1, _learning(options)), JOB_WEIGHTS
    else:
        params, weights = _rules(options, settings, interval)
    request = request_of(
        files, params, weights,
        interval=interval, first=first, last=last, warm_up_days=options.warm_up,
        splits="keep" if options.preset else options.splits, benchmark=options.benchmark,
        preset=options.preset or "", source=source,
    )  # fmt: skip
    return request, files


def _inputs(options: argparse.Namespace, settings: Settings, place: Path) -> tuple[Files, str, str]:
    """Return the files, the bars' interval, and what to call the input."""
    directories, news = settings.news.directories, options.news
    if options.from_database:
        from stack.commands.backtest_store import database, stored

        schema = options.from_database
        source, interval = schema, options.interval or "1m"
        files = _known(stored(database(options.home), schema, interval, place), interval)
    elif options.from_archive:
        source = options.from_archive
        from stack.commands.archives import open_archive
        from stack.commands.backtest_archive import archived, days_of

        first, last = days_of(source)
        archive = open_archive(
            options.home, options.run, last, run_strategies=options.run_strategies
        )
        interval = archive.run.spec.interval
        files = _known(archived(archive, first, last, place), interval)
    elif options.bars is not None:
        bars = BarFile(options.bars, options.interval)
        files, interval = Files(options.bars, surveyed=bars), bars.survey().interval
        source = name_of(options.bars)
    else:
        reason = (
            "Name a Parquet or CSV file with --bars, a run's schema with --from-database, or a day "
            "with --from-archive."
        )
        raise CannotBacktest(reason)
    return replace(files, news=news, directories=directories), interval, source


def _known(files: Files, interval: str) -> Files:
    """Return bars whose interval is stored with them."""
    return replace(files, surveyed=BarFile(files.bars, interval, given=True))


def _rules(
    options: argparse.Namespace, settings: Settings, interval: str
) -> tuple[Params, dict[str, float]]:
    sets = [
        ("fills", name, str(value))
        for name, value in reversed(COMMISSIONS.get(options.commission, {}).items())
    ]
    sets += [*_learning(options), *(parse_setting(text) for text in options.set)]
    if options.fill:
        sets.append(("fills", "model", options.fill))
    if options.slippage_bps is not None:
        sets.append(("fills", "slippage_bps", str(options.slippage_bps)))
    if options.capital:
        sets.append(("account", "start_cash", str(options.capital)))
    params = with_settings(settings.params, sets)
    if options.strategy:
        own = OwnParams((*params.own.strategies, *options.strategy))
        params = replace(params, own=own)
    return for_interval(params, interval), weights_of(options.weights, strategy_names(params))


def _learning(options: argparse.Namespace) -> list[tuple[str, str, str]]:
    return [("learning", "rule", options.learning)] if options.learning else []


def weights_of(text: str, names: Sequence[str] = STRATEGIES) -> dict[str, float]:
    """Read `momentum=0.5,mean_reversion=0.5`; equal ones where nothing is said.

    Args:
        text: may be empty.
        names: of all strategies.

    Raises:
        CannotBacktest: it is not of that form.
    """
    if not text:
        return equal_weights(names)
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        try:
            weight = float(value)
        except ValueError:
            weight = -1.0
        if name not in names or not 0 <= weight <= 1:
            known = ", ".join(names)
            reason = f"--weights {part}: write NAME=0..1 with a name of {known}."
            raise CannotBacktest(reason)
        found[name] = weight
    return found


def moment_of(text: str, option: str) -> datetime | None:
    """Read a day or a time of New York; None for an empty text.

    Raises:
        CannotBacktest: it is neither.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        reason = f"{option} {text}: write YYYY-MM-DD or YYYY-MM-DDTHH:MM."
        raise CannotBacktest(reason) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=NEW_YORK)).astimezone(UTC)
