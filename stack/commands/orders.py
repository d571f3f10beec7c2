"""`tidewire orders`: orders and how they stand, the newest first."""

import argparse
from functools import partial
from typing import Any

import psycopg

from connectors.runs import Run
from connectors.storage.pages import Pages
from stack.commands import listings
from stack.commands.listings import Column, Rows, show

COLUMNS = (
    Column("event_time", "time (UTC)"), Column("ticker", "ticker"), Column("side", "side"),
    Column("qty", ">shares"), Column("type", "type"), Column("status", "status"),
    Column("reduces", "closes"), Column("id", "id"),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    listings.add_arguments(parser, limit=20)
    parser.add_argument("--open", action="store_true", help="only those that may still be filled")


def run(options: argparse.Namespace) -> int:
    """Print orders.

    Raises:
        StackError: nothing is up.
        DatabaseUnavailable: the database does not answer.
    """
    none = "no order waits" if options.open else "no order yet"
    return show(options, COLUMNS, partial(_read, options=options), none)


def _read(
    connection: "psycopg.Connection[dict[str, Any]]", run_: Run, options: argparse.Namespace
) -> Rows:
    pages, account = Pages(connection), run_.rules.account.name
    if options.open:
        return pages.read("open_orders", account=account, limit=options.limit)
    return pages.page("orders", {"account": account}, limit=options.limit)
