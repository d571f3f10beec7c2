"""Decisions, folded: denials of one ticker that are alike and follow each other are one row.

Between two of them no other decision of their ticker stands; those of other tickers do not part
them. A row is its newest denial, and pages go on behind that: none cuts a row in two. A page reads
so many decisions at most, by the indexes of all and of one ticker, however few rows they fold to.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import sql

from connectors.storage.pages import FIRST_STAMP, LARGEST_PAGE, NARROWED, NEWEST, NOTHING, After

LOOKED_AT: Final = 10_000  # decisions that one page may look at
MOST_FOLDED: Final = 10_000  # decisions that one row counts
NEWEST_STAMP: Final = "SELECT stamp FROM decisions ORDER BY stamp DESC, id DESC LIMIT 1"
# Which of alike denials is the newest, among those that are asked for: the next decision of the
# ticker that either is asked for or parts them is one that parts them, or there is none.
HEADS: Final = """SELECT h.* FROM ({window}) h WHERE h.accepted OR NOT EXISTS (
    SELECT 1 FROM (SELECT n.accepted, n.side, n.code FROM decisions n WHERE n.ticker = h.ticker
        AND (n.stamp, n.id) > (h.stamp, h.id) AND n.stamp < %(before)s
        AND (n.accepted OR n.side <> h.side OR n.code <> h.code OR {asked_for})
      ORDER BY n.stamp, n.id LIMIT 1) f
    WHERE NOT f.accepted AND f.side = h.side AND f.code = h.code)
  ORDER BY h.stamp DESC, h.id DESC LIMIT %(limit)s"""
# Each with those behind it, down to the newest older decision of the ticker that parts them.
FOLDED: Final = """SELECT d.*, greatest(m.count, 1) AS count,
    coalesce(m.first_at, d.event_time) AS first_at
  FROM ({heads}) d
  LEFT JOIN LATERAL (SELECT w.stamp, w.id FROM (SELECT * FROM decisions b
        WHERE b.ticker = d.ticker AND (b.stamp, b.id) < (d.stamp, d.id) AND NOT d.accepted
        ORDER BY b.stamp DESC, b.id DESC LIMIT %(most)s) w
      WHERE w.accepted OR w.side <> d.side OR w.code <> d.code
      ORDER BY w.stamp DESC, w.id DESC LIMIT 1) e ON true
  CROSS JOIN LATERAL (SELECT count(*) AS count, min(k.event_time) AS first_at
    FROM (SELECT event_time FROM decisions WHERE ticker = d.ticker AND NOT d.accepted
        AND (stamp, id) <= (d.stamp, d.id)
        AND (stamp, id) > (coalesce(e.stamp, -1), coalesce(e.id, ''))
        AND {since} AND {asked_for} ORDER BY stamp DESC, id DESC LIMIT %(most)s) k) m
  ORDER BY d.stamp DESC, d.id DESC"""


class Fold(NamedTuple):
    """A page of folded decisions.

    Attributes:
        rows: of `decisions`, newest first, with `count` and `first_at`.
        last: behind which the next page goes on; None after the last.
        before: stamp before which all pages of a list look, so that what comes meanwhile moves no
            row from a page to one that was given already.
    """

    rows: list[dict[str, Any]]
    last: After | None
    before: int


def fold_statement(filters: Collection[str], narrowed: Collection[str]) -> sql.Composed:
    """Return the statement of one page; see `folded`."""
    strategy = sql.SQL(NARROWED["of_strategy"] if "of_strategy" in narrowed else "true")
    since = sql.SQL(NARROWED["since"] if "since" in narrowed else "true")
    window = sql.SQL("{} LIMIT {}").format(_window(filters, narrowed), LOOKED_AT)
    heads = sql.SQL(HEADS).format(window=window, asked_for=strategy)
    return sql.SQL(FOLDED).format(heads=heads, since=since, asked_for=strategy)


def _window(filters: Collection[str], narrowed: Collection[str]) -> sql.Composed:
    """Return the decisions that are asked for, newest first, without a bound."""
    where: list[sql.Composable] = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in filters
    ]
    where += [sql.SQL(NARROWED[name]) for name in narrowed]
    where.append(sql.SQL("stamp < %(before)s AND (stamp, id) < (%(stamp)s, %(after)s)"))
    return sql.SQL("SELECT * FROM decisions WHERE {} ORDER BY stamp DESC, id DESC").format(
        sql.SQL(" AND ").join(where)
    )


def folded(
    connection: "psycopg.Connection[dict[str, Any]]", filters: Mapping[str, Any],
    after: After = NEWEST, limit: int = 100, narrowed: Mapping[str, Any] = NOTHING,
    before: int = FIRST_STAMP,
) -> Fold:  # fmt: skip
    """Return up to `limit` (at most 500) folded decisions after a row, in one transaction.

    A page may have fewer rows and still not be the last: it has looked at `LOOKED_AT` decisions.

    Args:
        connection: with `dict_row`, whose search path is the run's schema.
        filters: column -> value that it must have: `ticker`.
        after: as the page before gave it.
        limit: rows.
        narrowed: name of `pages.NARROWED` -> its value.
        before: as the page before gave it; of the first page, microseconds before which all are.
    """
    if after == NEWEST:
        found = connection.execute(NEWEST_STAMP.encode()).fetchall()
        before = min(before, found[0]["stamp"] + 1 if found else 0)
    values = {
        **filters, **narrowed, "stamp": after.stamp, "after": after.id, "before": before,
        "limit": max(1, min(limit, LARGEST_PAGE)), "most": MOST_FOLDED,
    }  # fmt: skip
    rows = connection.execute(fold_statement(filters, narrowed), values).fetchall()
    if len(rows) == values["limit"]:
        return Fold(rows, After(rows[-1]["stamp"], rows[-1]["id"]), before)
    end = sql.SQL("{} OFFSET {} LIMIT 1").format(_window(filters, narrowed), LOOKED_AT - 1)
    cut = connection.execute(end, values).fetchall()
    return Fold(rows, After(cut[0]["stamp"], cut[0]["id"]) if cut else None, before)
