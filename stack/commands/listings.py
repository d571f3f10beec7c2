"""What the commands that list rows share: a table, JSON or CSV, once or again and again."""

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec
import psycopg

from connectors.runs import Run
from connectors.spreadsheet import csv_text
from connectors.storage.connection import reading
from stack.commands.options import at_least, home_of
from stack.commands.table import text_table
from stack.runtime.presence import run_up

WATCH_S: Final = 2.0
TICKER: Final = re.compile(r"[A-Z0-9][A-Z0-9./-]{0,11}")
CLEAR: Final = "\x1b[H\x1b[2J"
Rows = list[dict[str, Any]]
Read = Callable[["psycopg.Connection[dict[str, Any]]", Run], Rows]


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: in rows, JSON and CSV.
        head: in the table; one that begins with ">" is aligned right.
    """

    name: str
    head: str


def add_arguments(parser: argparse.ArgumentParser, limit: int = 0) -> None:
    """Add the options of a listing; `limit`: rows by default, 0 for a listing without a limit."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line")
    form.add_argument("--csv", action="store_true", help="CSV under a head")
    parser.add_argument("--watch", action="store_true", help="every two seconds, until Ctrl-C")
    if limit:
        parser.add_argument("--limit", type=at_least(1), default=limit,
                            help=f"rows, at most 500 (default: {limit})")  # fmt: skip


def show(options: argparse.Namespace, columns: Sequence[Column], read: Read, none: str) -> int:
    """Print rows as the options say; returns 0.

    Args:
        options: of the command line.
        columns: in order.
        read: asked for the rows, again each time.
        none: what to say where there are no rows.

    Raises:
        StackError: nothing is up.
        DatabaseUnavailable: the database does not answer.
    """
    run = run_up(home_of(options))
    while True:
        with reading(run.database_url, run.schema) as connection:
            rows = read(connection, run)
        sys.stdout.write((CLEAR if options.watch and sys.stdout.isatty() else "")
                         + _text(options, columns, rows, none))  # fmt: skip
        sys.stdout.flush()
        if not options.watch:
            return 0
        try:
            time.sleep(WATCH_S)
        except KeyboardInterrupt:
            return 0


def ticker(text: str) -> str:
    """Read a ticker: in capitals, and nothing that no database takes."""
    if not TICKER.fullmatch(text.upper()):
        reason = f"{text!r}: use up to 12 letters, digits, dots, dashes and slashes"
        raise argparse.ArgumentTypeError(reason)
    return text.upper()


def _text(
    options: argparse.Namespace, columns: Sequence[Column], rows: Rows, none: str
) -> str:  # fmt: skip
    names = [column.name for column in columns]
    if options.json:
        kept = ({name: row.get(name) for name in names} for row in rows)
        return "".join(msgspec.json.encode(row).decode() + "\n" for row in kept)
    if options.csv:
        return csv_text(names, ([row.get(name) for name in names] for row in rows))
    if not rows:
        return none + "\n"
    cells = ([cell(row.get(name)) for name in names] for row in rows)
    return text_table([column.head for column in columns], cells) + "\n"


def cell(value: Any) -> str:
    """Return a value as a person reads it."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%F %T}"
    if isinstance(value, Decimal):
        return f"{value:,.4f}" if 0 < abs(value) < 1 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
