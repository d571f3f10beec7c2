"""`tidewire trades`: fills, and other ends of orders, the newest first."""

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
    Column("qty", ">shares"), Column("price", ">price"), Column("commission", ">commission"),
    Column("pnl", ">profit"), Column("status", "status"), Column("strategy_id", "strategy"),
    Column("id", "id"),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    listings.add_arguments(parser, limit=20)
    parser.add_argument("--ticker", type=listings.ticker, help="only of this one")


def run(options: argparse.Namespace) -> int:
    """Print executions.

    Raises:
        StackError: nothing is up.
        DatabaseUnavailable: the database does not answer.
    """
    return show(options, COLUMNS, partial(_read, options=options), "no trade yet")


def _read(
    connection: "psycopg.Connection[dict[str, Any]]", _run: Run, options: argparse.Namespace
) -> Rows:
    filters = {"ticker": options.ticker} if options.ticker else {}
    return Pages(connection).page("trades", filters, limit=options.limit)
