"""`tidewire account`: cash, equity, the day's profit, and what may be traded.

In a run with a broker `account reconcile` compares it with what the broker has, and `account adopt`
has it begin anew with that.
"""

import argparse
import sys
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import psycopg

from connectors.account_view import account_of
from connectors.runs import Run
from stack.commands import controls, listings
from stack.commands.listings import Column, Rows, cell, show
from stack.commands.options import home_of
from stack.commands.table import text_table
from stack.errors import StackError
from stack.reconciling import Line, reconciled
from stack.runtime.presence import run_up

COLUMNS = (
    Column("account", "account"), Column("state", "state"), Column("equity", ">equity"),
    Column("cash", ">cash"), Column("buying_power", ">buying power"),
    Column("positions_value", ">positions"),
    Column("exposure", ">exposure"), Column("unrealized_pnl", ">unrealised"),
    Column("day_pnl", ">day"), Column("positions", ">held"), Column("as_of", "as of (UTC)"),
    Column("state_since", "state since (UTC)"), Column("state_who", "by"),
    Column("state_why", "why"),
)  # fmt: skip
HEADS: Final = ("", ">ours", ">unmanaged", ">broker's", ">difference")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    listings.add_arguments(parser)
    parser.add_argument("what", nargs="?", choices=("show", "reconcile", "adopt"), default="show",
                        help="show it (default); compare it with the broker's; begin anew with "
                        "what the broker has")  # fmt: skip
    parser.add_argument("--why", default="", help="of `adopt`, kept with the command")


def run(options: argparse.Namespace) -> int:
    """Print the account as it is now; returns 1 where the broker's differs.

    Raises:
        StackError: nothing is up, or it has no broker.
        DatabaseUnavailable: the database does not answer.
        BrokerError: the broker does not answer, or lets nobody in.
    """
    if options.what == "show":
        return show(options, COLUMNS, _read, "no account")
    if options.csv or options.watch:
        reason = f"account {options.what}: leave --csv and --watch out."
        raise StackError(reason)
    run_ = run_up(home_of(options))
    if options.what == "reconcile":
        return _compared(reconciled(run_), as_json=options.json)
    if run_.spec.mode != "broker":
        reason = f"Run {run_.run_id} is on paper: there is no broker's account to adopt."
        raise StackError(reason)
    options.wait = controls.WAIT_S
    return controls.obey(options, "reset_account")


def _compared(lines: list[Line], *, as_json: bool) -> int:
    differ = [line for line in lines if line.difference]
    if as_json:
        rows = [{**line._asdict(), "difference": line.difference} for line in lines]
        sys.stdout.write(msgspec.json.encode(rows).decode() + "\n")
        return int(bool(differ))
    rows_ = ([line.what, *map(cell, (*line[1:], line.difference))] for line in lines)
    words = "the broker has what it should" if not differ else (
        f"{', '.join(line.what for line in differ)}: the broker has other than it should; look "
        "again where an order has just filled, or take what it has by `tidewire account adopt`"
    )  # fmt: skip
    sys.stdout.write(f"{text_table(HEADS, rows_)}\n{words}\n")
    return int(bool(differ))


def _read(connection: "psycopg.Connection[dict[str, Any]]", run_: Run) -> Rows:
    found = account_of(connection, run_, datetime.now(UTC))
    row = {name: getattr(found, name) for name in found.__slots__ if name != "holdings"}
    return [{**row, "positions": len(found.holdings)}]
