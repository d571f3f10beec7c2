"""`tidewire causality`: look for anything in a day that knew of the future."""

import argparse
import sys

from flows.replay.causality import leaks_of
from flows.replay.record_index import RecordIndex, broken_causes
from flows.replay.window import window_of
from stack.commands import replay_text as words
from stack.commands.archives import open_archive, traded_day
from stack.commands.options import add_run, at_least
from stack.commands.replay_options import causality_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_run(parser)
    parser.add_argument("--samples", type=at_least(1), default=20, help="cuts to make")


def run(options: argparse.Namespace) -> int:
    """Cut a day's input at sampled moments; returns 1 when something leaks.

    Raises:
        StackError: there is no such archive or run.
        DayNotArchived: there is no such day, or it is not over.
    """
    archive = open_archive(
        options.home, options.run, options.day, run_strategies=options.run_strategies
    )
    request = causality_of(options, archive.run.run_id)
    day = request.day or traded_day(archive)
    window = window_of(archive, day, day)
    cuts, leaks = leaks_of(window, request.samples)
    broken = broken_causes(RecordIndex(archive), day)
    if options.json:
        text = words.in_json(
            {"run": archive.run.run_id, "day": day, "inputs": len(window.events),
             "cuts": cuts, "leaks": leaks, "broken_causes": broken}
        )  # fmt: skip
    else:
        text = words.of_causality(archive.run.run_id, day, len(window.events), cuts, leaks, broken)
    sys.stdout.write(text + "\n")
    return int(bool(leaks or broken))
