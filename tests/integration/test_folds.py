"""Folded decisions: every denial is counted once, however pages are cut."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from connectors.storage import folds
from connectors.storage.folds import Fold, folded
from connectors.storage.pages import NEWEST
from connectors.storage.schema import upgrade
from stack.servers.services import Services

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(600)]
Connection = psycopg.Connection[dict[str, Any]]
# Ticker, what came of it, the strategy of its signal, and how long after the one before, seconds.
MADE = st.tuples(
    st.sampled_from("AB"),
    st.sampled_from([("BUY", ""), ("BUY", "HELD"), ("SELL", "HELD"), ("BUY", "POOR")]),
    st.sampled_from("xy"), st.integers(0, 2),
)  # fmt: skip
Made = tuple[str, tuple[str, str], str, int]
BEGAN = datetime(2025, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def empty(services: Services) -> Iterator[Connection]:
    schema = f"test_{uuid.uuid4().hex[:8]}"
    upgrade(services.database_url, schema)
    with psycopg.connect(
        services.database_url, autocommit=True, options=f"-c search_path={schema}",
        row_factory=dict_row,
    ) as connection:  # fmt: skip
        yield connection
        connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())


def rows_of(made: list[Made]) -> list[dict[str, Any]]:
    found, at = [], 0
    for n, (ticker, (side, code), strategy, later) in enumerate(made):
        at += later
        found.append(
            {"id": f"dec-{n:04}", "stamp": at * 1_000_000, "at": BEGAN + timedelta(seconds=at),
             "ticker": ticker, "side": side, "accepted": not code, "code": code or "ACCEPTED",
             "signal_id": f"sig-{strategy}"}
        )  # fmt: skip
    return found


def store(connection: Connection, rows: list[dict[str, Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            b"INSERT INTO decisions (id, stamp, event_time, causes, account, ticker, side,"
            b" accepted, cause, signal_id, code, limit_value, actual, checks) VALUES (%(id)s,"
            b" %(stamp)s, %(at)s, '{}', 'paper', %(ticker)s, %(side)s, %(accepted)s, 'signal',"
            b" %(signal_id)s, %(code)s, '', '', '[]')",
            rows,
        )


def forget(connection: Connection) -> None:
    connection.execute(b"TRUNCATE decisions, signals")
    for name in "xy":
        connection.execute(
            b"INSERT INTO signals (id, stamp, event_time, causes, ticker, direction, strength,"
            b" strategy_sources, strategy_id, bar) VALUES (%s, 0, now(), '{}', 'A', 'LONG', 1,"
            b" '[]', %s, '')",
            (f"sig-{name}", name),
        )


def wanted(rows: list[dict[str, Any]], asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Fold by hand: by ticker, in order, then those that are asked for of each run."""
    found = []
    by_ticker = sorted(rows, key=lambda r: (r["ticker"], r["stamp"], r["id"]))
    for (_, accepted, _, _), run in groupby(
        by_ticker,
        lambda r: (r["ticker"], r["accepted"] and r["id"], r["side"], r["code"]),
    ):
        kept = [r for r in run if is_asked_for(r, asked)]
        for part in [[r] for r in kept] if accepted else [kept] if kept else []:
            found.append((part[-1]["stamp"], part[-1]["id"], len(part), part[0]["at"]))
    return sorted(found, reverse=True)


def is_asked_for(row: dict[str, Any], asked: dict[str, Any]) -> bool:
    checks: dict[str, Callable[[Any], bool]] = {
        "ticker": lambda v: row["ticker"] == v, "denied": lambda _: not row["accepted"],
        "accepted": lambda _: row["accepted"], "code": lambda v: row["code"] == v,
        "since": lambda v: row["stamp"] >= v, "before": lambda v: row["stamp"] < v,
        "of_strategy": lambda v: row["signal_id"] == f"sig-{v}",
    }  # fmt: skip
    return all(checks[name](value) for name, value in asked.items())


ASKED = st.fixed_dictionaries(
    {},
    optional={
        "ticker": st.sampled_from("AB"), "denied": st.just(True), "of_strategy": st.just("x"),
        "code": st.just("HELD"), "since": st.integers(0, 10).map(lambda s: s * 1_000_000),
        "before": st.integers(1, 30).map(lambda s: s * 1_000_000),
    },
)  # fmt: skip


def walked(
    connection: Connection, asked: dict[str, Any], limit: int, come: list[dict[str, Any]]
) -> list[tuple[Any, ...]]:
    """Go through all pages; behind the first, more is stored."""
    narrowed = dict(asked)
    before = narrowed.pop("before", 2**62)
    filters = {"ticker": narrowed.pop("ticker")} if "ticker" in narrowed else {}
    page = Fold([], NEWEST, before)
    found = []
    while page.last is not None:
        with connection.transaction():
            page = folded(connection, filters, page.last, limit, narrowed, page.before)
        assert len(page.rows) <= limit
        found += [(r["stamp"], r["id"], r["count"], r["first_at"]) for r in page.rows]
        store(connection, come)
        come = []
    return found


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MADE, max_size=40), ASKED, st.integers(1, 5), st.lists(MADE, max_size=3))
def test_alike_denials_are_one_row_whatever_pages_cut(
    empty: Connection, made: list[Made], asked: dict[str, Any], limit: int, more: list[Made]
) -> None:
    forget(empty)
    rows = rows_of(made)
    after = rows[-1]["stamp"] + 1_000_000 if rows else 0
    come = [
        {**row, "id": f"late-{row['id']}", "stamp": row["stamp"] + after} for row in rows_of(more)
    ]
    store(empty, rows)
    assert walked(empty, asked, limit, come) == wanted(rows, asked)


def test_a_page_looks_at_so_many_decisions_and_says_where_it_goes_on(
    empty: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row of many: pages may be short or empty then, and the count stands at its bound."""
    monkeypatch.setattr(folds, "LOOKED_AT", 10)
    monkeypatch.setattr(folds, "MOST_FOLDED", 15)
    forget(empty)
    rows = rows_of([("B", ("BUY", ""), "x", 1), *[("A", ("BUY", "HELD"), "x", 1)] * 33])
    store(empty, rows)
    found, page, pages = [], Fold([], NEWEST, 2**62), 0
    while page.last is not None:
        page = folded(empty, {}, page.last, 5, {}, page.before)
        found += [(r["id"], r["count"]) for r in page.rows]
        pages += 1
    assert found == [(rows[-1]["id"], 15), (rows[0]["id"], 1)]
    assert pages == 4
