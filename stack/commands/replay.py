"""`tidewire replay`: archived days again: proved, changed, or against a backtest."""

import argparse
import sys

from connectors.archive.ordered_log import WHOLE
from connectors.archive.reading import ArchivedRun, DayNotArchived
from flows.replay.certificate import Certificate, Diverged, certify
from flows.replay.counterfactual import Changes, what_if
from flows.replay.execution_difference import differences
from flows.replay.window import window_of
from messages.requests import ReplayRequest
from stack.child import end_with
from stack.commands import replay_text as words
from stack.commands.archives import open_archive, traded_day
from stack.commands.options import add_as_child, add_run, at_least
from stack.commands.replay_options import replay_of

Report = tuple[str, int]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_run(parser)
    parser.add_argument("--verify", action="store_true", help="print each day's certificate")
    parser.add_argument("--from-start", action="store_true",
                        help="begin at the first record, not at the kept states")  # fmt: skip
    parser.add_argument(
        "--block", type=at_least(0), default=0, help="events per block; changes nothing"
    )
    parser.add_argument("--against-backtest", action="store_true",
                        help="list executions that differ from a backtest's")  # fmt: skip
    parser.add_argument("--set", action="append", default=[], metavar="GROUP.NAME=VALUE",
                        help="what if, such as strategies.momentum.weight=0")  # fmt: skip
    parser.add_argument("--without-article", action="append", default=[], metavar="ID")
    parser.add_argument("--without-source", action="append", default=[], metavar="NAME")
    parser.add_argument("--delay-news", default="", metavar="5m", help="all news comes later")
    parser.add_argument("--limit", type=at_least(0), default=20, help="orders to list; 0: all")
    add_as_child(parser)


def run(options: argparse.Namespace) -> int:
    """Run one replay; returns 1 when something differs.

    Raises:
        StackError: there is no such archive or run.
        ArchiveDamaged: a file is not what its manifest says.
        DayNotArchived: there is no such day, or it is not over.
        CannotChange: a what-if names something that is not there.
    """
    text, code = _report(options)
    sys.stdout.write(text + "\n")
    return code


def _report(options: argparse.Namespace) -> Report:
    if options.as_child:
        end_with(options.as_child)
    archive = open_archive(
        options.home, options.run, options.day, run_strategies=options.run_strategies
    )
    request = replay_of(options, archive.run.run_id)
    if request.action == "against_backtest":
        return _against(archive, request, as_json=options.json)
    if request.action == "what_if":
        return _what_if(archive, request, options.limit, as_json=options.json)
    return _certified(archive, request, as_json=options.json)


def _what_if(archive: ArchivedRun, request: ReplayRequest, limit: int, *, as_json: bool) -> Report:
    changes = Changes.of(request.changes)
    first, last = _days(archive, request)
    if changes.shapes_state:
        first = None
    found = what_if(window_of(archive, first, last), changes)
    if as_json:
        return words.in_json(found), 0
    return words.of_what_if(found, archive.run.run_id, first, last, limit), 0


def _certified(archive: ArchivedRun, request: ReplayRequest, *, as_json: bool) -> Report:
    days = [request.day] if request.day else archive.days
    lines, code = [], 0
    for day in days:
        try:
            proof = certify(
                archive, day, from_start=request.from_start, size=request.block or WHOLE
            )
        except DayNotArchived:
            if request.day:
                raise
            lines += [] if as_json else [f"{day}  not over yet: archived after its close"]
            continue
        code = max(code, isinstance(proof, Diverged))
        if as_json:
            lines.append(words.in_json(proof))
        elif isinstance(proof, Diverged):
            lines.append(words.of_divergence(proof))
        elif request.action == "verify":
            lines.append(words.of_certificate(proof) if request.day else words.in_a_line(proof))
        else:
            lines.append(_story(archive, proof))
    return "\n".join(lines) or "nothing happened on any day yet", code


def _days(archive: ArchivedRun, request: ReplayRequest) -> tuple[str | None, str]:
    last = request.day or traded_day(archive)
    return (None if request.from_start else last), last


def _against(archive: ArchivedRun, request: ReplayRequest, *, as_json: bool) -> Report:
    first, last = _days(archive, request)
    count, listed = differences(window_of(archive, first, last))
    # A broker fills otherwise than a backtest does; on paper nothing may differ.
    code = int(bool(listed) and archive.run.spec.mode == "paper")
    if as_json:
        found = {"run": archive.run.run_id, "day": last, "executions": count, "differ": listed}
        return words.in_json(found), code
    return words.of_differences(archive.run.run_id, first, last, count, listed), code


def _story(archive: ArchivedRun, proof: Certificate) -> str:
    window = window_of(archive, proof.day, proof.day)
    return words.of_day(proof, window.executions())
