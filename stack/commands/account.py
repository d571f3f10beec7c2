"""`tidewire account`: cash, equity, the day's profit, and what may be traded."""

import argparse
from datetime import UTC, datetime
from typing import Any

import psycopg

from connectors.account_view import account_of
from connectors.runs import Run
from stack.commands.listings import Column, Rows, add_arguments, show

__all__ = ["add_arguments", "run"]
COLUMNS = (
    Column("account", "account"), Column("state", "state"), Column("equity", ">equity"),
    Column("cash", ">cash"), Column("buying_power", ">buying power"),
    Column("positions_value", ">positions"),
    Column("exposure", ">exposure"), Column("unrealized_pnl", ">unrealised"),
    Column("day_pnl", ">day"), Column("positions", ">held"), Column("as_of", "as of (UTC)"),
    Column("state_since", "state since (UTC)"), Column("state_who", "by"),
    Column("state_why", "why"),
)  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Print the account as it is now.

    Raises:
        StackError: nothing is up.
        DatabaseUnavailable: the database does not answer.
    """
    return show(options, COLUMNS, _read, "no account")


def _read(connection: "psycopg.Connection[dict[str, Any]]", run_: Run) -> Rows:
    found = account_of(connection, run_, datetime.now(UTC))
    row = {name: getattr(found, name) for name in found.__slots__ if name != "holdings"}
    return [{**row, "positions": len(found.holdings)}]
