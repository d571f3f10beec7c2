"""The auditor's reads: whole tables, on purpose. What people wait for is in `pages.py`."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg.rows import dict_row

from connectors.storage.connection import connect
from connectors.storage.sink import table_names


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, as stored."""

    bars: int
    articles: int
    signals: int
    orders: int
    equity: Decimal | None
    day: str


class Reader:
    """Reads one run's schema."""

    def __init__(self, url: str, schema: str) -> None:
        """Open a connection; `close` it."""
        self._connection = connect(url, schema, autocommit=True, row_factory=dict_row)

    def close(self) -> None:
        """Leave the database."""
        self._connection.close()

    def progress(self) -> Progress:
        """Count what is stored so far; the equity is the newest snapshot's."""
        row = self._one(
            "SELECT (SELECT count(*) FROM market_data) AS bars, "
            "(SELECT count(*) FROM articles) AS articles, "
            "(SELECT count(*) FROM signals) AS signals, (SELECT count(*) FROM orders) AS orders, "
            "(SELECT equity FROM portfolio_snapshots ORDER BY stamp DESC LIMIT 1) AS equity, "
            "(SELECT to_char(max(start) AT TIME ZONE 'America/New_York', 'YYYY-MM-DD HH24:MI')"
            " FROM market_data) AS day"
        )
        return Progress(**{**row, "day": row["day"] or ""})

    def counts(self) -> dict[str, int]:
        """Return the number of rows of every table."""
        return {
            name: int(self._one(f"SELECT count(*) AS n FROM {name}")["n"]) for name in table_names()
        }

    def ids(self, table: str) -> set[str]:
        """Return the ids in a table; an article's and a bar's revision is part of the row."""
        return {r["id"] for r in self._all(f"SELECT id FROM {table}")}

    def positions(self) -> dict[str, int]:
        """Return ticker -> shares of the positions that are open."""
        rows = self._all("SELECT ticker, qty FROM positions WHERE qty <> 0")
        return {r["ticker"]: int(r["qty"]) for r in rows}

    def last_snapshot(self) -> dict[str, Any] | None:
        """Return the newest portfolio snapshot."""
        rows = self._all("SELECT * FROM portfolio_snapshots ORDER BY stamp DESC LIMIT 1")
        return rows[0] if rows else None

    def _all(self, sql: str) -> list[dict[str, Any]]:
        return self._connection.execute(sql.encode()).fetchall()

    def _one(self, sql: str) -> dict[str, Any]:
        return self._all(sql)[0]
