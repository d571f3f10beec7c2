"""`tidewire explain`: why something happened, or did not, with every number."""

import argparse
import sys
from datetime import datetime

from connectors.archive.reading import ArchivedRun
from connectors.market.calendar import NEW_YORK, session_day
from flows.replay.explain import Explainer
from messages.units import to_micros
from stack.commands import replay_text as words
from stack.commands.archives import open_archive
from stack.commands.options import add_run
from stack.errors import StackError, shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("what", help="id of an order, decision, signal, ...; or AAPL@DAYTHH:MM")
    add_run(parser, day=False)


def run(options: argparse.Namespace) -> int:
    """Explain a record or a moment.

    Raises:
        CannotExplain: there is nothing of that name.
        DayNotArchived: the day is not over.
    """
    ticker, at, moment = options.what.partition("@")
    if at and not options.what.startswith("bar-"):
        stamp = _moment(moment)
        archive = _archive(options, session_day(stamp))
        node = Explainer(archive).at(ticker, stamp)
    else:
        node = Explainer(_archive(options)).of(options.what)
    sys.stdout.write((words.in_json(node) if options.json else shown(words.of_tree(node))) + "\n")
    return 0


def _archive(options: argparse.Namespace, day: str = "") -> ArchivedRun:
    trusted = options.run_strategies
    return open_archive(options.home, options.run, day, run_strategies=trusted)


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        reason = f"{text} is no time: write TICKER@YYYY-MM-DDTHH:MM, in New York's time."
        raise StackError(reason) from error
    return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=NEW_YORK))
