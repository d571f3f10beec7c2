"""`tidewire decisions`: what was decided and why, the newest first; `--denied`: why not."""

import argparse
from functools import partial
from typing import Any

import psycopg

from connectors.runs import Run
from connectors.storage.pages import LARGEST_PAGE, NEWEST, Pages
from stack.commands import listings
from stack.commands.listings import Column, Rows, show

COLUMNS = (
    Column("event_time", "time (UTC)"), Column("ticker", "ticker"), Column("side", "side"),
    Column("cause", "cause"), Column("code", "code"), Column("limit_value", "wants"),
    Column("actual", "is"), Column("id", "id"),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    listings.add_arguments(parser, limit=20)
    parser.add_argument("--ticker", type=listings.ticker, help="only of this one")
    parser.add_argument("--denied", action="store_true", help="only what was not done")


def run(options: argparse.Namespace) -> int:
    """Print decisions; `tidewire explain ID` has every number of one.

    Raises:
        StackError: nothing is up.
        DatabaseUnavailable: the database does not answer.
    """
    return show(options, COLUMNS, partial(_read, options=options), "no decision yet")


def _read(
    connection: "psycopg.Connection[dict[str, Any]]", _run: Run, options: argparse.Namespace
) -> Rows:
    pages, ticker = Pages(connection), options.ticker
    if options.denied:
        name = "denied_of_ticker" if ticker else "denied"
        limit = min(options.limit, LARGEST_PAGE)
        return pages.read(name, ticker=ticker, stamp=NEWEST.stamp, after=NEWEST.id, limit=limit)
    filters = {"ticker": ticker} if ticker else {}
    return pages.page("decisions", filters, limit=options.limit)
