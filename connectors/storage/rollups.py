"""Bars of five minutes, an hour and a day on plain PostgreSQL, kept up to date by the sink.

Each level is summed from the one below, so a refresh reads a handful of rows per bucket. What
has changed since the last refresh is itself a row (`rollup_due`), written in the transaction
that changed it: a crash forgets nothing. On the TimescaleDB path continuous aggregates of the
same names and columns do this.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, text

SOURCE: Final = """SELECT ticker, {bucket} AS bucket, (array_agg(open ORDER BY start))[1] AS open,
  max(high) AS high, min(low) AS low, (array_agg(close ORDER BY start DESC))[1] AS close,
  sum(volume) AS volume, count(*) AS bars FROM market_data
  WHERE interval = '1m' AND revision = 0 AND start >= {since} GROUP BY 1, 2"""
ABOVE: Final = """SELECT ticker, {bucket} AS bucket,
  (array_agg(open ORDER BY bucket))[1] AS open, max(high) AS high, min(low) AS low,
  (array_agg(close ORDER BY bucket DESC))[1] AS close, sum(volume) AS volume, sum(bars) AS bars
  FROM {below} WHERE bucket >= {since} GROUP BY 1, 2"""
# table -> (SQL of a moment's bucket, what it is summed from). A day is New York's.
LEVELS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "market_data_5m": ("date_bin('5 minutes', {t}, '2000-01-01+00')", "market_data"),
        "market_data_1h": ("date_trunc('hour', {t}, 'UTC')", "market_data_5m"),
        "market_data_1d": ("date_trunc('day', {t}, 'America/New_York')", "market_data_1h"),
    }
)
# What a batch of bars makes due: everything from its earliest start on.
NOTE: Final = "UPDATE rollup_due SET since = LEAST(since, %s)"


def create(connection: Connection) -> None:
    """Make the tables, empty, with everything due."""
    for table in LEVELS:
        connection.execute(
            text(
                f"CREATE TABLE {table} (ticker text, bucket timestamptz, open numeric(20,4) "
                "NOT NULL, high numeric(20,4) NOT NULL, low numeric(20,4) NOT NULL, "
                "close numeric(20,4) NOT NULL, volume bigint NOT NULL, bars bigint NOT NULL, "
                "PRIMARY KEY (ticker, bucket))"
            )
        )
        brin = f"CREATE INDEX ix_{table}_bucket ON {table} USING brin (bucket)"
        connection.execute(text(brin))
    connection.execute(text("CREATE TABLE rollup_due (since timestamptz)"))
    connection.execute(text("INSERT INTO rollup_due SELECT min(start) FROM market_data"))


def drop(connection: Connection) -> None:
    """Remove the tables."""
    for table in (*LEVELS, "rollup_due"):
        connection.execute(text(f"DROP TABLE {table}"))


def refresh(execute: Any) -> None:
    """Bring every level up to date; assumes an open transaction on the schema.

    Args:
        execute: runs one statement, as psycopg's `Cursor.execute` does.
    """
    execute("SELECT since FROM rollup_due WHERE since IS NOT NULL FOR UPDATE")
    since = "(SELECT since FROM rollup_due)"
    for table, (bucket, below) in LEVELS.items():
        first = bucket.format(t=since)
        if below == "market_data":
            source = SOURCE.format(bucket=bucket.format(t="start"), since=first)
        else:
            source = ABOVE.format(bucket=bucket.format(t="bucket"), below=below, since=first)
        execute(
            f"INSERT INTO {table} (ticker, bucket, open, high, low, close, volume, bars) "
            f"{source} ON CONFLICT (ticker, bucket) DO UPDATE SET open = excluded.open, "
            "high = excluded.high, low = excluded.low, close = excluded.close, "
            "volume = excluded.volume, bars = excluded.bars"
        )
    execute("UPDATE rollup_due SET since = NULL")
