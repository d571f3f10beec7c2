"""What the command line and the auditor read of a run; the auditor reads whole tables, on purpose.

What people wait for is in `pages.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from psycopg.rows import dict_row

from connectors.storage.connection import connect
from connectors.storage.rollups import LEVELS
from connectors.storage.sink import table_names

COUNTED: Final = {
    "bars": "market_data", "articles": "articles", "signals": "signals", "orders": "orders",
}  # fmt: skip
NEWEST_BAR: Final = """SELECT to_char(max(newest) AT TIME ZONE 'America/New_York',
  'YYYY-MM-DD HH24:MI') AS day FROM row_counts WHERE name = 'market_data'"""
OPEN_POSITIONS: Final = "SELECT ticker, qty FROM positions WHERE account = %s AND qty <> 0"
CARED: Final = """SELECT done_at, retention_days, (SELECT count(*) FROM rollup_due) AS due
  FROM care"""
# By the time they are partitioned by: the newest partition with a row ends the search.
LAST_SNAPSHOT: Final = """SELECT * FROM portfolio_snapshots WHERE account = %s
  ORDER BY event_time DESC, stamp DESC LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, as stored."""

    bars: int
    articles: int
    signals: int
    orders: int
    equity: Decimal | None
    day: str


@dataclass(frozen=True, slots=True)
class Cared:
    """The daily care for a schema.

    Attributes:
        done_at: when it was done last, UTC; None: not yet.
        retention_days: that were in force then; 0 keeps for ever.
        due: ticker hours whose buckets the next refresh sums.
    """

    done_at: datetime | None
    retention_days: int
    due: int


class Reader:
    """Reads one run's schema."""

    def __init__(self, url: str, schema: str) -> None:
        """Open a connection; `close` it."""
        self._connection = connect(url, schema, autocommit=True, row_factory=dict_row)

    def close(self) -> None:
        """Leave the database."""
        self._connection.close()

    def progress(self, account: str) -> Progress:
        """Return what was stored so far, as the sink counts it, and an account's newest equity."""
        written = self.written()
        newest = self._one(NEWEST_BAR)["day"]
        last = self.last_snapshot(account)
        counted = {name: written.get(table, 0) for name, table in COUNTED.items()}
        return Progress(**counted, equity=last["equity"] if last else None, day=newest or "")

    def written(self) -> dict[str, int]:
        """Return how many rows were ever written to each table; retention takes none away.

        Positions and strategies, of which there are few, are counted.
        """
        found = {r["name"]: int(r["written"]) for r in self._all("SELECT * FROM row_counts")}
        for name in table_names():
            if name not in found:
                found[name] = int(self._one(f"SELECT count(*) AS n FROM {name}")["n"])
        return found

    def cared(self) -> Cared:
        """Return when the schema was last cared for, and how much is due."""
        return Cared(**self._one(CARED))

    def rollups(self) -> dict[str, tuple[datetime | None, datetime | None]]:
        """Return level -> its first and last bucket."""
        found = {}
        for level in LEVELS:
            row = self._one(f"SELECT min(bucket) AS first, max(bucket) AS last FROM {level}")
            found[level] = (row["first"], row["last"])
        return found

    def counts(self) -> dict[str, int]:
        """Return the number of rows of every table, counted one by one."""
        return {
            name: int(self._one(f"SELECT count(*) AS n FROM {name}")["n"]) for name in table_names()
        }

    def ids(self, table: str) -> set[str]:
        """Return the ids in a table; an article's and a bar's revision is part of the row."""
        return {r["id"] for r in self._all(f"SELECT id FROM {table}")}

    def positions(self, account: str) -> dict[str, int]:
        """Return ticker -> shares of an account's open positions."""
        rows = self._connection.execute(OPEN_POSITIONS.encode(), (account,)).fetchall()
        return {r["ticker"]: int(r["qty"]) for r in rows}

    def last_snapshot(self, account: str) -> dict[str, Any] | None:
        """Return an account's newest portfolio snapshot."""
        rows = self._connection.execute(LAST_SNAPSHOT.encode(), (account,)).fetchall()
        return rows[0] if rows else None

    def _all(self, sql: str) -> list[dict[str, Any]]:
        return self._connection.execute(sql.encode()).fetchall()

    def _one(self, sql: str) -> dict[str, Any]:
        return self._all(sql)[0]
