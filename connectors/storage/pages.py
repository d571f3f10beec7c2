"""The reads that people wait for: pages of facts, newest first, each by an index.

Pages go on after the last row's (stamp, id), not by an offset: page 1,000 costs what page 1
costs, and rows that arrive meanwhile shift nothing. A test explains every statement here on a
million trades and refuses a sequential scan.
"""

from collections.abc import Collection, Mapping
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
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

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
# An article with its scores; its page goes on by (published_at, id).
SHOWN: Final = """a.id, a.revision, a.stamp AS known, a.source, a.url, a.title, a.content,
    a.symbols, a.published_at,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('ticker', c.ticker,
        'sentiment_score', c.sentiment_score, 'confidence', c.confidence,
        'model_used', c.model_used, 'about', c.about) ORDER BY c.ticker), '[]')
      FROM article_sentiments c
      WHERE c.article_id = a.id AND c.article_revision = a.revision) AS scores"""
NEWEST_REVISION: Final = """NOT EXISTS
    (SELECT 1 FROM articles b WHERE b.id = a.id AND b.revision > a.revision)"""
ARTICLE: Final = f"""SELECT {SHOWN},
    (extract(epoch FROM a.published_at) * 1000000)::bigint AS stamp
  FROM articles a WHERE {NEWEST_REVISION}"""
BEFORE: Final = """(timestamptz 'epoch'
    + least(%(stamp)s, 8000000000000000) * interval '1 microsecond', %(after)s)"""
ARTICLES_AFTER: Final = f""" AND (a.published_at, a.id) < {BEFORE}
  ORDER BY a.published_at DESC, a.id DESC LIMIT %(limit)s"""
# A correction makes an outcome anew: its newest revision stands for all before it.
NEWEST_OUTCOME: Final = """NOT EXISTS (SELECT 1 FROM trade_outcomes y
    WHERE y.exit_order_id = x.exit_order_id AND y.replaces = x.id)"""
# The signals that an article's scores stand behind: as a cause of a vote, or weighed with it. A
# ticker's signals of a day after the score are looked through, by their index.
LED_TO: Final = """article_sentiments c CROSS JOIN LATERAL (SELECT s.*,
      c.id = ANY(s.causes) AS used FROM signals s WHERE s.ticker = c.ticker
        AND s.stamp >= c.stamp AND s.stamp < c.stamp + 86400000000
        AND (c.id = ANY(s.causes) OR c.article_id = ANY(s.sentiment_articles)) OFFSET 0) s
    LEFT JOIN decisions d ON d.signal_id = s.id LEFT JOIN orders o ON o.decision_id = d.id"""
FROM_SOURCE: Final = "(%(source)s = '' OR a.source = %(source)s)"
STATEMENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "trade": f"""SELECT t.*, to_jsonb(s.*) AS signal, to_jsonb(x.*) AS outcome FROM trades t
            LEFT JOIN signals s ON s.id = t.signal_id
            LEFT JOIN trade_outcomes x ON x.exit_order_id = t.order_id AND {NEWEST_OUTCOME}
            WHERE t.id = %(id)s""",
        # Those that a vote was for, then what else was weighed, by the score that was known then.
        "news_of_signal": """WITH used AS (SELECT c.* FROM signals s
              CROSS JOIN LATERAL unnest(s.causes) AS cause
              JOIN article_sentiments c ON c.id = cause WHERE s.id = %(id)s),
            weighed AS (SELECT c.* FROM signals s
              CROSS JOIN LATERAL unnest(s.sentiment_articles) AS named
              CROSS JOIN LATERAL (SELECT * FROM article_sentiments k WHERE k.article_id = named
                  AND k.ticker = s.ticker AND k.stamp <= s.stamp
                ORDER BY k.stamp DESC, k.revision DESC LIMIT 1) c
              WHERE s.id = %(id)s AND NOT EXISTS (SELECT 1 FROM used u WHERE u.article_id = named))
            SELECT a.id, a.revision, a.source, a.url, a.title, a.published_at,
              c.sentiment_score, c.confidence, c.model_used, c.about, c.used
            FROM (SELECT *, true AS used FROM used UNION ALL SELECT *, false FROM weighed) c
            JOIN articles a ON a.id = c.article_id AND a.revision = c.article_revision
            ORDER BY c.used DESC, a.published_at DESC, a.id""",
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
        "profit": f"""SELECT coalesce(sum(realized_pnl), 0) AS realized_pnl, count(*) AS outcomes
            FROM trade_outcomes x WHERE account = %(account)s AND qty > 0 AND {NEWEST_OUTCOME}
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
        "newest_bars": """SELECT start, open, high, low, close, volume FROM market_data
            WHERE ticker = %(ticker)s AND interval = %(interval)s AND revision = 0
            AND start >= %(since)s AND start < %(until)s ORDER BY start DESC LIMIT %(limit)s""",
        "news": f"{ARTICLE}{ARTICLES_AFTER}",
        "news_of_source": f"{ARTICLE} AND a.source = %(source)s{ARTICLES_AFTER}",
        "news_in_range": f"""{ARTICLE} AND {FROM_SOURCE} AND EXISTS
            (SELECT 1 FROM article_sentiments c WHERE c.article_id = a.id
              AND c.article_revision = a.revision
              AND c.sentiment_score BETWEEN %(low)s AND %(high)s){ARTICLES_AFTER}""",
        "news_of_ticker": f"""SELECT {SHOWN},
            (extract(epoch FROM s.published_at) * 1000000)::bigint AS stamp
            FROM (SELECT published_at, article_id, article_revision FROM article_sentiments
                WHERE ticker = %(ticker)s AND sentiment_score BETWEEN %(low)s AND %(high)s
                  AND (published_at, article_id) < {BEFORE}
                GROUP BY published_at, article_id, article_revision) s
            JOIN articles a ON a.id = s.article_id AND a.revision = s.article_revision
            WHERE {NEWEST_REVISION} AND {FROM_SOURCE}
            ORDER BY s.published_at DESC, s.article_id DESC LIMIT %(limit)s""",
        "article": f"{ARTICLE} AND a.id = %(id)s",
        "reactions": f"""SELECT s.id, s.event_time, s.ticker, s.direction, s.strength,
            bool_or(s.used) AS used, array_remove(array_agg(DISTINCT o.id), NULL) AS orders
            FROM {LED_TO} WHERE c.article_id = %(id)s
            GROUP BY s.id, s.stamp, s.event_time, s.ticker, s.direction, s.strength
            ORDER BY bool_or(s.used) DESC, s.stamp DESC LIMIT 100""",
        # Each with who switched it last.
        "strategies": """SELECT s.*, c.who, c.why, c.event_time AS since FROM strategies s
            LEFT JOIN LATERAL (SELECT who, why, event_time FROM commands WHERE strategy = s.id
              AND kind IN ('enable_strategy', 'disable_strategy')
              ORDER BY stamp DESC, id DESC LIMIT 1) c ON true
            ORDER BY s.name LIMIT %(limit)s""",
        "newest_metric": """SELECT * FROM strategy_metrics WHERE strategy_id = %(strategy_id)s
            ORDER BY stamp DESC LIMIT 1""",
        "execution": "SELECT * FROM trades WHERE id = %(id)s",
        "decision": "SELECT * FROM decisions WHERE id = %(id)s",
        "signal": "SELECT * FROM signals WHERE id = %(id)s",
        "decision_of_order": """SELECT d.* FROM orders o JOIN decisions d ON d.id = o.decision_id
            WHERE o.id = %(id)s""",
        "fills_of_decision": """SELECT t.* FROM orders o JOIN trades t ON t.order_id = o.id
            WHERE o.decision_id = %(id)s ORDER BY t.stamp, t.id""",
        # An outcome hangs on the order that closed: the decision's own, if it was an exit.
        # What its own fill lost stands in that fill, unless a correction has changed it.
        "outcomes_of_decision": f"""SELECT x.*, CASE WHEN f.id IS NOT NULL AND NOT EXISTS (SELECT 1
                FROM execution_corrections k WHERE k.execution_id = f.id)
              THEN coalesce((f.price - f.decision_price) * f.qty
                * CASE f.side WHEN 'BUY' THEN 1 ELSE -1 END, 0) END AS exit_slippage
            FROM orders o JOIN trade_outcomes x ON x.exit_order_id = o.id
            LEFT JOIN trades f ON f.id = x.causes[2]
            WHERE o.decision_id = %(id)s AND {NEWEST_OUTCOME} ORDER BY x.stamp, x.id""",
        "order": "SELECT * FROM orders WHERE id = %(id)s",
        "fills_of_order": "SELECT * FROM trades WHERE order_id = %(id)s ORDER BY stamp, id",
        # What a broker said of it, in order.
        "told_of_order": """SELECT * FROM broker_events WHERE order_id = %(id)s AND order_id <> ''
            ORDER BY stamp, number LIMIT 500""",
        "order_of_decision": """SELECT * FROM orders WHERE decision_id = %(id)s
            ORDER BY stamp LIMIT 1""",
        # What the cycle that an outcome fell into made of the weights: it ends within 40 days.
        "adjustments_of_decision": """SELECT DISTINCT a.* FROM orders o
            JOIN trade_outcomes x ON x.exit_order_id = o.id
            JOIN learning_adjustments a ON a.stamp >= x.stamp
              AND a.stamp < x.stamp + 3456000000000 AND x.id = ANY(a.outcomes)
            WHERE o.decision_id = %(id)s ORDER BY a.stamp, a.strategy_id""",
        # Of many decisions at once: what a list shows beside each.
        "signals_of": """SELECT id, strength, strategy_id FROM signals WHERE id = ANY(%(ids)s)""",
        "orders_of": """SELECT o.decision_id, o.id, o.qty, o.status,
            coalesce(sum(t.qty) FILTER (WHERE t.price IS NOT NULL), 0) AS filled,
            sum(t.qty * t.price) AS worth, sum(t.qty * t.decision_price)
              FILTER (WHERE t.price IS NOT NULL) AS decided, sum(t.pnl) AS pnl,
            (array_agg(t.id ORDER BY t.stamp DESC, t.id DESC)
              FILTER (WHERE t.id IS NOT NULL))[1] AS trade
            FROM orders o LEFT JOIN trades t ON t.order_id = o.id
            WHERE o.decision_id = ANY(%(ids)s) GROUP BY o.id""",
        "outcomes_of_orders": f"""SELECT x.exit_order_id, sum(x.realized_pnl) AS pnl,
            (array_agg(x.roi ORDER BY x.stamp DESC, x.id DESC))[1] AS roi,
            (array_agg(x.hold_seconds ORDER BY x.stamp DESC, x.id DESC))[1] AS hold_seconds
            FROM trade_outcomes x WHERE x.exit_order_id = ANY(%(ids)s) AND {NEWEST_OUTCOME}
            GROUP BY x.exit_order_id""",
        "reactions_of": f"""SELECT c.article_id, count(DISTINCT s.id) AS signals,
            count(DISTINCT o.id) AS orders
            FROM {LED_TO} WHERE c.article_id = ANY(%(ids)s) GROUP BY c.article_id""",
        # What a correction took back entirely has closed nothing.
        "profits": f"""SELECT realized_pnl FROM trade_outcomes x WHERE account = %(account)s
            AND event_time >= %(since)s AND qty > 0 AND {NEWEST_OUTCOME} ORDER BY event_time""",
        "outcomes_of_signal": f"""SELECT * FROM trade_outcomes x WHERE signal_id = %(id)s
            AND {NEWEST_OUTCOME}""",
        "decisions_of_signal": "SELECT * FROM decisions WHERE signal_id = %(id)s ORDER BY stamp",
    }
)


# What a page may be narrowed by besides: read off the rows that its index gives.
NARROWED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "since": "stamp >= %(since)s",
        "status": "status = %(status)s",
        "profit": "pnl > 0",
        "loss": "pnl <= 0",
        "least": "strength >= %(least)s",
        "direction": "direction = %(direction)s",
        "strategy": "strategy_id = %(strategy)s",
        "acted_on": "acted_on",
        "not_acted_on": "acted_on IS NOT TRUE",
        "denied": "NOT accepted",
        "accepted": "accepted",
        "code": "code = %(code)s",
        "of_strategy": """EXISTS (SELECT 1 FROM signals s WHERE s.id = signal_id
            AND s.strategy_id = %(of_strategy)s)""",
    }
)


def page_statement(
    table: str, filters: Mapping[str, str], narrowed: Collection[str] = ()
) -> sql.Composed:
    """Return the statement of one page of a table.

    Args:
        table: of `PAGES`.
        filters: column -> value that it must have; each has an index.
        narrowed: names of `NARROWED`.

    Raises:
        ValueError: the table has no pages, or cannot be filtered by one of the columns.
    """
    if table not in PAGES or not PAGES[table].issuperset(filters):
        reason = f"{table} cannot be read by {', '.join(sorted(filters)) or 'page'}"
        raise ValueError(reason)
    where: list[sql.Composable] = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in filters
    ]
    where += [sql.SQL(NARROWED[name]) for name in narrowed]
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
        self, table: str, filters: Mapping[str, str], after: After = NEWEST, limit: int = 100,
        narrowed: Mapping[str, Any] = NOTHING,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """Return up to `limit` (at most 500) rows, newest first, after a row.

        Args:
            table: see `page_statement`.
            filters: see there.
            after: the last row of the page before.
            limit: rows.
            narrowed: name of `NARROWED` -> its value.

        Raises:
            ValueError: no such page or filter.
        """
        values = {
            **filters,
            **narrowed,
            "stamp": after.stamp,
            "after": after.id,
            "limit": max(1, min(limit, LARGEST_PAGE)),
        }
        return self._connection.execute(page_statement(table, filters, narrowed), values).fetchall()

    def read(self, name: str, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of a named statement.

        Raises:
            KeyError: there is no such statement.
        """
        return self._connection.execute(STATEMENTS[name].encode(), values).fetchall()
