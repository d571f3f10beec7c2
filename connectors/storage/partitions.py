"""Native range partitions by month: made ahead, made when a row needs one, let go when old.

A month, not a day: years of recorded bars stay a few hundred partitions, which the planner
handles in microseconds, and BRIN finds the day within the month.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, text

PARTITIONED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "market_data": "start",
        "portfolio_snapshots": "event_time",
        "strategy_metrics": "event_time",
    }
)
MONTHS_AHEAD: Final = 2
Month = tuple[int, int]


def month_of(moment: datetime) -> Month:
    """Return the month, in UTC, whose partition holds a moment."""
    utc = moment.astimezone(UTC)
    return utc.year, utc.month


def following(month: Month) -> Month:
    """Return the next month."""
    year, number = month
    return (year, number + 1) if number < 12 else (year + 1, 1)


def name_of(table: str, month: Month) -> str:
    """Return the name of a month's partition."""
    return f"{table}_p{month[0]:04d}{month[1]:02d}"


def statement(table: str, month: Month, parent: str = "") -> str:
    """Return the DDL that makes a month's partition unless it is there."""
    year, number = following(month)
    return (
        f"CREATE TABLE IF NOT EXISTS {name_of(table, month)} PARTITION OF {parent or table} "
        f"FOR VALUES FROM ('{month[0]:04d}-{month[1]:02d}-01 00:00+00') "
        f"TO ('{year:04d}-{number:02d}-01 00:00+00')"
    )


def make(connection: Connection, table: str, months: Iterable[Month], parent: str = "") -> None:
    """Make the partitions of some months."""
    for month in sorted(set(months)):
        connection.execute(text(statement(table, month, parent)))


def make_ahead(connection: Connection, now: datetime) -> None:
    """Make this month's partition of every partitioned table, and those of the next two."""
    months = [month_of(now)]
    for _ in range(MONTHS_AHEAD):
        months.append(following(months[-1]))
    for table in PARTITIONED:
        make(connection, table, months)


def cover(connection: Connection, table: str, parent: str) -> None:
    """Make partitions of `parent` for every month of the rows in `table`."""
    sql = f"SELECT DISTINCT date_trunc('month', {PARTITIONED[table]}, 'UTC') FROM {table}"
    make(connection, table, map(month_of, connection.execute(text(sql)).scalars()), parent)


def present(connection: Connection, table: str) -> list[str]:
    """Return the names of a table's partitions, oldest first; empty on the TimescaleDB path."""
    sql = (
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = to_regclass(:table) AND c.relispartition ORDER BY c.relname"
    )
    return [str(name) for name in connection.execute(text(sql), {"table": table}).scalars()]


def let_go(connection: Connection, before: datetime) -> list[str]:
    """Detach and drop the partitions that end at or before a moment; returns their names."""
    gone = []
    for table in PARTITIONED:
        first_kept = name_of(table, month_of(before))
        for name in present(connection, table):
            if name < first_kept:
                connection.execute(text(f"ALTER TABLE {table} DETACH PARTITION {name}"))
                connection.execute(text(f"DROP TABLE {name}"))
                gone.append(name)
    return gone
