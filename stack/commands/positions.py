"""`tidewire positions`: what is held, at its last prices, with stops and targets."""

import argparse
from datetime import UTC, datetime
from typing import Any

import psycopg

from connectors.account_view import account_of
from connectors.runs import Run
from stack.commands.listings import Column, Rows, add_arguments, show

__all__ = ["add_arguments", "run"]
COLUMNS = (
    Column("ticker", "ticker"), Column("qty", ">shares"), Column("avg_entry", ">entry"),
    Column("price", ">price"), Column("value", ">value"), Column("unrealized_pnl", ">unrealised"),
    Column("stop_loss", ">stop"), Column("take_profit", ">target"), Column("trail", ">trail"),
    Column("price_at", "priced at (UTC)"),
)  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Print the open positions.

    Raises:
        StackError: nothing is up.
        DatabaseUnavailable: the database does not answer.
    """
    return show(options, COLUMNS, _read, "nothing is held")


def _read(connection: "psycopg.Connection[dict[str, Any]]", run_: Run) -> Rows:
    return [
        {**{name: getattr(h, name) for name in h.__slots__}, "value": h.value}
        for h in account_of(connection, run_, datetime.now(UTC)).holdings
    ]
