"""`tidewire account`: cash, equity, the day's profit, and what may be traded."""

import argparse
from datetime import UTC, datetime
from typing import Any

import psycopg

from connectors.market.calendar import NEW_YORK
from connectors.runs import Run
from connectors.storage.portfolio import AccountNow, account_now
from stack.commands.listings import Column, Rows, add_arguments, show

__all__ = ["add_arguments", "now_of", "run"]
COLUMNS = (
    Column("account", "account"), Column("state", "state"), Column("equity", ">equity"),
    Column("cash", ">cash"), Column("positions_value", ">positions"),
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


def now_of(connection: "psycopg.Connection[dict[str, Any]]", run_: Run) -> AccountNow:
    """Return the account of a run as it is now; its day is the one of New York.

    Of a run that is played, the day of its newest snapshot.
    """
    account, interval = run_.rules.account, run_.spec.interval
    now = datetime.now(UTC)
    if not run_.live:
        first = account_now(connection, account, interval, now)
        now = first.as_of or now
    local = now.astimezone(NEW_YORK)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return account_now(connection, account, interval, day.astimezone(UTC))


def _read(connection: "psycopg.Connection[dict[str, Any]]", run_: Run) -> Rows:
    found = now_of(connection, run_)
    row = {name: getattr(found, name) for name in found.__slots__ if name != "holdings"}
    return [{**row, "positions": len(found.holdings)}]
