"""Backtests in the database: one row each, written and read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg import Connection
from psycopg.types.json import Jsonb

from connectors.storage.connection import connect

INSERT = """
INSERT INTO backtest_runs (id, status, code_version, settings_hash, settings, input_digest,
  requested_at, finished_at, metrics, report, error)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '')
ON CONFLICT (id) DO UPDATE SET status = excluded.status, code_version = excluded.code_version,
  settings = excluded.settings, requested_at = excluded.requested_at,
  finished_at = excluded.finished_at,
  metrics = excluded.metrics, report = excluded.report, error = '', updated_at = now()
"""
LONG: Final = "'{trades,curve,days,held}'::text[]"
COLUMNS: Final = f"id, status, settings, requested_at, finished_at, metrics - {LONG} AS metrics"
ONE: Final = f"SELECT {COLUMNS} FROM backtest_runs WHERE id = %(id)s"
NEWEST: Final = f"""SELECT {COLUMNS} FROM backtest_runs ORDER BY requested_at DESC
  LIMIT %(limit)s"""
ITEMS: Final = """SELECT item.ordinality AS stamp, item.value FROM backtest_runs,
  jsonb_array_elements(metrics -> %(of)s) WITH ORDINALITY AS item
  WHERE id = %(id)s AND item.ordinality > %(after)s ORDER BY item.ordinality LIMIT %(limit)s"""
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class BacktestRow:
    """One backtest.

    Attributes:
        id: of the request.
        settings: the request, as JSON values.
        settings_hash: SHA-256 of the request's canonical bytes.
        input_digest: SHA-256 over the inputs' digests.
        metrics: the result, as JSON values.
        report: the HTML page, if one was made.
    """

    id: str
    status: str
    code_version: str
    settings_hash: str
    settings: dict[str, Any]
    input_digest: str
    requested_at: datetime
    finished_at: datetime
    metrics: dict[str, Any]
    report: bytes | None


def save(url: str, schema: str, row: BacktestRow) -> None:
    """Write a backtest, or replace the one of its id.

    Raises:
        psycopg.Error: the database is away, or the schema is not there.
    """
    with connect(url, schema) as connection:
        connection.execute(
            INSERT,
            (
                row.id, row.status, row.code_version, row.settings_hash, Jsonb(row.settings),
                row.input_digest, row.requested_at, row.finished_at, Jsonb(row.metrics),
                row.report,
            ),
        )  # fmt: skip


def stored_backtest(connection: "Connection[dict[str, Any]]", id_: str) -> dict[str, Any] | None:
    """Return a stored backtest without its lists; None if there is none of the id."""
    return connection.execute(ONE, {"id": id_}).fetchone()


def newest_backtests(connection: "Connection[dict[str, Any]]", limit: int) -> Rows:
    """Return stored backtests without their lists, the newest first."""
    return connection.execute(NEWEST.encode(), {"limit": limit}).fetchall()


def backtest_items(
    connection: "Connection[dict[str, Any]]", id_: str, of: str, after: int, limit: int
) -> Rows:  # fmt: skip
    """Return items of one of a backtest's lists, in order, each with its number as `stamp`.

    Args:
        connection: to the schema.
        id_: of the backtest.
        of: `trades`, `days` or `curve`.
        after: number of the item before the first one; they count from 1.
        limit: items.
    """
    values = {"id": id_, "of": of, "after": after, "limit": limit}
    return connection.execute(ITEMS, values).fetchall()
