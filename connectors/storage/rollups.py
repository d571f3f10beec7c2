"""Bars of five minutes, an hour and a day, kept up to date by the sink, on either database.

What has changed is itself a row, one per ticker and hour (`rollup_due`), written in the
transaction that changed it: a crash forgets nothing, and a late bar costs its own hour. A refresh
sums the five-minute buckets of these hours from the bars, the hours from those, and the days from
the hours. A day is New York's; it begins with an hour. A bucket is only replaced by one of at least
as many bars: what retention has let go is not forgotten when a late bar comes.

Ordinary tables also where TimescaleDB is: a continuous aggregate forgets a bucket whose bars have
been let go when anything near it changes, and needs background jobs in every run's schema.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, cast

from sqlalchemy import Connection, text

from messages.market import Bar
from operators.blocks import Event

SOURCE: Final = """SELECT m.ticker, {bucket} AS bucket,
  (array_agg(m.open ORDER BY m.start))[1] AS open, max(m.high) AS high, min(m.low) AS low,
  (array_agg(m.close ORDER BY m.start DESC))[1] AS close, sum(m.volume) AS volume,
  count(*) AS bars FROM rollup_due d JOIN market_data m ON m.ticker = d.ticker
    AND m.interval = '1m' AND m.revision = 0
    AND m.start >= d.hour AND m.start < d.hour + INTERVAL '1 hour' GROUP BY 1, 2"""
ABOVE: Final = """SELECT b.ticker, {bucket} AS bucket,
  (array_agg(b.open ORDER BY b.bucket))[1] AS open, max(b.high) AS high, min(b.low) AS low,
  (array_agg(b.close ORDER BY b.bucket DESC))[1] AS close, sum(b.volume) AS volume,
  sum(b.bars) AS bars FROM (SELECT DISTINCT ticker, {since} AS since FROM rollup_due) d
  JOIN {below} b ON b.ticker = d.ticker
    AND b.bucket >= d.since AND b.bucket < d.since + INTERVAL '{length}' AND {bucket} = d.since
  GROUP BY 1, 2"""
# table -> (SQL of a moment's bucket, what it is summed from, its greatest length)
LEVELS: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "market_data_5m": (
            "date_bin('5 minutes', {t}, '2000-01-01+00')", "market_data", "5 minutes",
        ),
        "market_data_1h": ("date_trunc('hour', {t}, 'UTC')", "market_data_5m", "1 hour"),
        "market_data_1d": (
            "date_trunc('day', {t}, 'America/New_York')", "market_data_1h", "25 hours",
        ),
    }
)  # fmt: skip
# What bars make due: their hours.
NOTE: Final = """INSERT INTO rollup_due (ticker, hour)
  SELECT * FROM unnest(%s::text[], %s::timestamptz[]) ON CONFLICT DO NOTHING"""


def create(connection: Connection) -> None:
    """Make the levels unless they are there, and the table of what is due."""
    for table in LEVELS:
        connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS {table} (ticker text, bucket timestamptz, "
                "open numeric(20,4) NOT NULL, high numeric(20,4) NOT NULL, "
                "low numeric(20,4) NOT NULL, close numeric(20,4) NOT NULL, "
                "volume bigint NOT NULL, bars bigint NOT NULL, PRIMARY KEY (ticker, bucket))"
            )
        )
        connection.execute(
            text(f"CREATE INDEX IF NOT EXISTS ix_{table}_bucket ON {table} USING brin (bucket)")
        )
    connection.execute(
        text("CREATE TABLE rollup_due (ticker text, hour timestamptz, PRIMARY KEY (ticker, hour))")
    )


def all_due(connection: Connection) -> None:
    """Make every hour due that has a bar."""
    connection.execute(
        text(
            "INSERT INTO rollup_due SELECT DISTINCT ticker, date_trunc('hour', start, 'UTC') "
            "FROM market_data WHERE interval = '1m' AND revision = 0 ON CONFLICT DO NOTHING"
        )
    )


def due_hours(bars: Iterable[Event]) -> tuple[list[str], list[datetime]]:
    """Return tickers and hours, in pairs, whose buckets change: by first versions of a minute."""
    due: set[tuple[str, datetime]] = set()
    for event in bars:
        bar = cast("Bar", event.body)
        if bar.interval == "1m" and not bar.revision:
            start = bar.start
            due.add((bar.ticker, start - timedelta(minutes=start.minute, seconds=start.second,
                                                   microseconds=start.microsecond)))  # fmt: skip
    pairs = sorted(due)
    return [ticker for ticker, _ in pairs], [hour for _, hour in pairs]


def refresh(execute: Any) -> None:
    """Bring every level up to date; assumes an open transaction on the schema.

    Args:
        execute: runs one statement, as psycopg's `Cursor.execute` does.
    """
    for table, (bucket, below, length) in LEVELS.items():
        if below == "market_data":
            source = SOURCE.format(bucket=bucket.format(t="m.start"))
        else:
            source = ABOVE.format(
                bucket=bucket.format(t="b.bucket"), since=bucket.format(t="hour"), below=below,
                length=length,
            )  # fmt: skip
        execute(
            f"INSERT INTO {table} (ticker, bucket, open, high, low, close, volume, bars) "
            f"{source} ON CONFLICT (ticker, bucket) DO UPDATE SET open = excluded.open, "
            "high = excluded.high, low = excluded.low, close = excluded.close, "
            f"volume = excluded.volume, bars = excluded.bars WHERE excluded.bars >= {table}.bars"
        )
    execute("DELETE FROM rollup_due")
