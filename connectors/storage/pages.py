"""The reads that people wait for: pages of facts, newest first, each by an index.

Pages go on after the last row's (stamp, id), not by an offset: page 1,000 costs what page 1
costs, and rows that arrive meanwhile shift nothing. A test explains every statement here on a
million trades and refuses a sequential scan.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import sql

from connectors.storage.tables import OPEN

FIRST_STAMP: Final = 2**62
LARGEST_PAGE: Final = 500


class After(NamedTuple):
    """Where a page goes on: the last row of the page before."""

    stamp: int = FIRST_STAMP
    id: str = ""


NEWEST: Final = After()

# Per page: the table, and the columns it may be filtered by.
PAGES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "trades": frozenset({"account", "ticker", "strategy_id"}),
        "signals": frozenset({"ticker"}),
        "decisions": frozenset({"ticker"}),
        "orders": frozenset({"account"}),
        "trade_outcomes": frozenset({"strategy_id"}),
        "learning_adjustments": frozenset({"strategy_id"}),
        "sentiment_windows": frozenset({"ticker"}),
        "commands": frozenset(),
        "dead_letters": frozenset(),
    }
)
STATEMENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "trade": """SELECT t.*, to_jsonb(s.*) AS signal, to_jsonb(o.*) AS outcome FROM trades t
            LEFT JOIN signals s ON s.id = t.signal_id
            LEFT JOIN trade_outcomes o ON o.exit_order_id = t.order_id WHERE t.id = %(id)s""",
        "news_of_signal": """SELECT a.id, a.revision, a.source, a.url, a.title, a.published_at,
            c.sentiment_score, c.confidence, c.model_used
            FROM signals s CROSS JOIN LATERAL unnest(s.causes) AS cause
            JOIN article_sentiments c ON c.id = cause
            JOIN articles a ON a.id = c.article_id AND a.revision = c.article_revision
            WHERE s.id = %(id)s""",
        "positions": """SELECT * FROM positions WHERE account = %(account)s AND qty <> 0
            ORDER BY ticker""",
        "open_orders": f"""SELECT * FROM orders WHERE account = %(account)s AND {OPEN}
            ORDER BY stamp DESC, id DESC LIMIT %(limit)s""",
        "denied": """SELECT * FROM decisions WHERE NOT accepted
            AND (stamp, id) < (%(stamp)s, %(after)s)
            ORDER BY stamp DESC, id DESC LIMIT %(limit)s""",
        "denied_of_ticker": """SELECT * FROM decisions WHERE ticker = %(ticker)s AND NOT accepted
            AND (stamp, id) < (%(stamp)s, %(after)s)
            ORDER BY stamp DESC, id DESC LIMIT %(limit)s""",
        "equity": """SELECT event_time, equity, cash, positions_value FROM portfolio_snapshots
            WHERE account = %(account)s AND event_time >= %(since)s AND event_time < %(until)s
            ORDER BY event_time, stamp""",
        "snapshot": """SELECT * FROM portfolio_snapshots WHERE account = %(account)s
            AND event_time >= %(since)s ORDER BY event_time DESC, stamp DESC LIMIT 1""",
        "profit": """SELECT coalesce(sum(realized_pnl), 0) AS realized_pnl, count(*) AS outcomes
            FROM trade_outcomes WHERE account = %(account)s
            AND event_time >= %(since)s AND event_time < %(until)s""",
        # A bound on the time leaves most partitions, or chunks, out of the plan.
        "last_price": """SELECT start, close FROM market_data WHERE ticker = %(ticker)s
            AND interval = %(interval)s AND revision = 0 AND start >= %(since)s
            ORDER BY start DESC LIMIT 1""",
        "chart": """SELECT start, open, high, low, close, volume FROM market_data
            WHERE ticker = %(ticker)s AND interval = %(interval)s AND revision = 0
            AND start >= %(since)s AND start < %(until)s ORDER BY start""",
        "chart_1h": """SELECT bucket, open, high, low, close, volume FROM market_data_1h
            WHERE ticker = %(ticker)s AND bucket >= %(since)s AND bucket < %(until)s
            ORDER BY bucket""",
        "weights": """SELECT * FROM strategy_weights_history WHERE strategy_id = %(strategy_id)s
            ORDER BY effective_from DESC, stamp DESC LIMIT %(limit)s""",
        "outcomes_of_signal": "SELECT * FROM trade_outcomes WHERE signal_id = %(id)s",
        "decisions_of_signal": "SELECT * FROM decisions WHERE signal_id = %(id)s ORDER BY stamp",
    }
)


def page_statement(table: str, filters: Mapping[str, str]) -> sql.Composed:
    """Return the statement of one page of a table.

    Raises:
        ValueError: the table has no pages, or cannot be filtered by one of the columns.
    """
    if table not in PAGES or not PAGES[table].issuperset(filters):
        reason = f"{table} cannot be read by {', '.join(sorted(filters)) or 'page'}"
        raise ValueError(reason)
    where = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in filters
    ]
    return sql.SQL("SELECT * FROM {} WHERE {} ORDER BY stamp DESC, id DESC LIMIT %(limit)s").format(
        sql.Identifier(table),
        sql.SQL(" AND ").join([*where, sql.SQL("(stamp, id) < (%(stamp)s, %(after)s)")]),
    )


class Pages:
    """Reads pages on an open connection whose search path is the run's schema."""

    def __init__(self, connection: "psycopg.Connection[dict[str, Any]]") -> None:
        """Use a connection with `dict_row`."""
        self._connection = connection

    def page(
        self, table: str, filters: Mapping[str, str], after: After = NEWEST, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Return up to `limit` (at most 500) rows, newest first, after a row.

        Raises:
            ValueError: no such page or filter.
        """
        values = {
            **filters,
            "stamp": after.stamp,
            "after": after.id,
            "limit": max(1, min(limit, LARGEST_PAGE)),
        }
        return self._connection.execute(page_statement(table, filters), values).fetchall()

    def read(self, name: str, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of a named statement.

        Raises:
            KeyError: there is no such statement.
        """
        return self._connection.execute(STATEMENTS[name].encode(), values).fetchall()
