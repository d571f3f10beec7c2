"""A run's stored bars and scores, as the input of a backtest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from psycopg.rows import dict_row

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
  s.published_at, s.sentiment_score, s.confidence, s.model_used, s.reasoning, s.about,
  a.source, a.url, a.title, a.undated
FROM article_sentiments s JOIN articles a
  ON a.id = s.article_id AND a.revision = s.article_revision
ORDER BY s.stamp, s.ticker
"""


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
