"""Backtests and the database: their results, one row each, and stored bars and scores as input."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from connectors.files import ContentDigest
from connectors.storage.connection import connect
from messages.codec import validate
from messages.news import ScoredArticle
from operators.blocks import Event

ROWS: Final = 50_000
BARS: Final = """
SELECT ticker, start AS ts, open::float8 AS open, high::float8 AS high, low::float8 AS low,
  close::float8 AS close, volume
FROM market_data WHERE interval = %s AND revision = 0 ORDER BY start, ticker
"""
SCORES: Final = """
SELECT s.id, s.stamp, s.event_time, s.causes, s.article_id, s.article_revision, s.ticker,
  s.published_at, s.sentiment_score, s.confidence, s.model_used, s.reasoning,
  a.source, a.url, a.title, a.undated
FROM article_sentiments s JOIN articles a
  ON a.id = s.article_id AND a.revision = s.article_revision
ORDER BY s.stamp, s.ticker
"""

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


def stored_bars(url: str, schema: str, interval: str, target: Path) -> tuple[int, str]:
    """Write a run's stored bars, first versions, to a Parquet file.

    Returns how many, and the SHA-256 of their rows.

    Raises:
        psycopg.Error: the database is away, or the schema is not there.
    """
    count, content = 0, ContentDigest()
    writer: pq.ParquetWriter | None = None
    for rows in _rows(url, schema, BARS, (interval,)):
        table = pa.Table.from_pylist(rows)
        writer = writer or pq.ParquetWriter(target, table.schema)
        writer.write_table(table)
        count += len(rows)
        for row in rows:
            content.add(row)
    if writer is not None:
        writer.close()
    return count, content.hex


def stored_scores(url: str, schema: str) -> list[Event]:
    """Return a run's stored scores as they were made, in order; none is made again.

    Raises:
        psycopg.Error: the database is away, or the schema is not there.
    """
    found = []
    for rows in _rows(url, schema, SCORES, ()):
        for row in rows:
            stamp = row.pop("stamp")
            found.append(Event(stamp, row["ticker"], validate(ScoredArticle, row)))
    return found


def _rows(
    url: str, schema: str, query: str, values: tuple[str, ...]
) -> Iterator[list[dict[str, Any]]]:
    with (
        connect(url, schema) as connection,
        connection.cursor("backtest", row_factory=dict_row) as cursor,
    ):
        cursor.execute(query.encode(), values)
        while rows := cursor.fetchmany(ROWS):
            yield rows
