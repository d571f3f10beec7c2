"""Pages at a million trades: the right rows, each statement by an index."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from connectors.storage.folds import LOOKED_AT, MOST_FOLDED, fold_statement
from connectors.storage.pages import PAGES, STATEMENTS, After, Pages, page_statement
from connectors.storage.partitions import PARTITIONED
from connectors.storage.partitions import statement as partition
from connectors.storage.rows import TARGETS
from connectors.storage.schema import describe, upgrade
from connectors.storage.upserts import BY_INDEX, LINKS, stage
from stack.servers.services import Services

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(600)]
TRADES, BARS = 1_000_000, 1_500_000
MEASURED = "ANALYZE, BUFFERS, TIMING OFF, "
PAGES_READ = 2_000  # of 8 KB, that one read may touch; 20 ms on any machine that holds them
Connection = psycopg.Connection[dict[str, Any]]
FILL = (
    f"""INSERT INTO trades (id, stamp, event_time, causes, account, trade_id, order_id,
      execution_id, signal_id, strategy_id, ticker, side, qty, price, commission, status, pnl, timestamp)
    SELECT 'exe-' || n, n * 1000, to_timestamp(n), '{{}}', 'paper', 'trd-' || n, 'ord-' || n,
      'x' || n, 'sig-' || n / 10, 'strategy' || n % 3, 'T' || n % 500, 'BUY', 1, 1, 0, 'FILLED',
      NULL, to_timestamp(n) FROM generate_series(1, {TRADES}) n""",
    """INSERT INTO signals (id, stamp, event_time, causes, ticker, direction, strength,
      strategy_sources, bar) SELECT 'sig-' || n, n * 10000, to_timestamp(n), ARRAY['sco-' || n],
      'T' || n % 500, 'LONG', 0.5, '[]', '' FROM generate_series(1, 100000) n""",
    """INSERT INTO decisions (id, stamp, event_time, causes, account, ticker, side, accepted,
      cause, signal_id, code, limit_value, actual, checks) SELECT 'dec-' || n, n * 10000, to_timestamp(n), '{}',
      'paper', 'T' || n % 500, 'BUY', n % 3 > 0, 'signal', 'sig-' || n, '', '', '', '[]'
      FROM generate_series(1, 100000) n""",
    """INSERT INTO orders (id, stamp, event_time, causes, account, client_order_id, decision_id,
      signal_id, ticker, side, qty, type, time_in_force, valid_until, reduces, leg_of, leg, status)
    SELECT 'ord-' || n, n, to_timestamp(n), '{}', 'paper', '', 'dec-' || n, '', 'T', 'BUY', 1,
      'MARKET', 'DAY', now(), false, '', '', CASE WHEN n % 1000 = 0 THEN 'PENDING' ELSE 'FILLED' END FROM generate_series(1, 100000) n""",
    """INSERT INTO broker_events SELECT 'bro-' || n, n, to_timestamp(n), '{}', 'paper', 'alpaca',
      'order', 'ord-' || n / 2, '', '', '', '', NULL, NULL, 0, NULL, 0, 'ACCEPTED', '', NULL, NULL, NULL,
      '[]', '{}', NULL FROM generate_series(1, 100000) n""",
    """INSERT INTO trade_outcomes SELECT 'out-' || n, n, to_timestamp(n), '{}', 'paper', 'T',
      'LONG', 1, '', 'ord-' || n, 'sig-' || n, 1, 1, 1, 1, 'strategy' || n % 3, '[]' FROM generate_series(1, 100000) n""",
    """INSERT INTO articles SELECT 'art-' || n, 0, n, now(), '', '', 'title ' || n, '', '{}',
      to_timestamp(n), now(), '', false FROM generate_series(1, 20000) n""",
    """INSERT INTO article_sentiments SELECT 'sco-' || n, n, now(), '{}', 'art-' || n, 0, 'T' || n % 500, to_timestamp(n),
      0, 0, '', '{}', '', now(), 0, '', 'named' FROM generate_series(1, 20000) n""",
    """INSERT INTO strategy_weights_history SELECT 'w' || n, n, now(), '{}', 's' || n % 3, 0, 0,
      to_timestamp(n), '', '', '{}' FROM generate_series(1, 20000) n""",
    """INSERT INTO learning_adjustments SELECT 'a' || n, n * 28800000000, to_timestamp(n), '{}',
      'strategy' || n % 3, to_timestamp(n), 0, 0, 0, 0, '{}', '', ''
      FROM generate_series(1, 100000) n""",
    """INSERT INTO positions SELECT 'paper' || n % 100, 'T' || n, '', n, now(), n % 2, 1, 1, 1, 1
      FROM generate_series(1, 20000) n""",
    """INSERT INTO sentiment_windows SELECT 'win-' || n, n, now(), '{}', 'T' || n % 500, now(), 300,
      1, 0, 0, 0, '{}' FROM generate_series(1, 100000) n""",
    """INSERT INTO dead_letters SELECT 'dlq-' || n, n, now(), '{}', 'LATE', '', 't', 0, n, '', 0
      FROM generate_series(1, 100000) n""",
    """INSERT INTO commands SELECT 'cmd-' || n, n, now(), '{}', 'pause', '', 'me', ''
      FROM generate_series(1, 20000) n""",
    f"""INSERT INTO market_data SELECT 'T' || n % 500, '2025-01-01 00:00+00'::timestamptz
        + (n / 500) * INTERVAL '40 minutes', '1m', 0, 'bar-' || n, n, 1, 2, 0.5, 1, 10, 'test', false
      FROM generate_series(1, {BARS}) n""",
    """INSERT INTO market_data_1h SELECT 'T' || n % 500,
        '2025-01-01 00:00+00'::timestamptz + (n / 500) * INTERVAL '1 hour', 1, 2, 0.5, 1, 10, 60
      FROM generate_series(1, 500000) n""",
    """INSERT INTO portfolio_snapshots SELECT 'sna-' || n, n,
      '2025-03-01 00:00+00'::timestamptz + n * interval '20 s', '{}', 'paper', 1,
      0, 1, 0, 0, 0, 'ACTIVE' FROM generate_series(1, 100000) n""",
)
VALUES: dict[str, Any] = {
    "ids": [f"{kind}-{n}" for kind in ("dec", "sig", "ord", "art") for n in range(500, 550)],
    "source": "", "low": -1, "high": 1, "id": "sig-500", "account": "paper7", "since": "2025-03-05 14:00+00", "until": "2025-03-05 15:00+00",
    "strategy_id": "strategy1",
    "limit": 50, "ticker": "T7", "stamp": 500_000_000, "after": "exe-1", "interval": "1m",
}  # fmt: skip


@pytest.fixture(scope="module")
def filled(services: Services) -> Iterator[Connection]:
    schema = f"test_{uuid.uuid4().hex[:8]}"
    upgrade(services.database_url, schema)
    options = f"-c search_path={schema}"
    with psycopg.connect(
        services.database_url, autocommit=True, options=options, row_factory=dict_row
    ) as connection:
        if describe(services.database_url, schema).path == "native partitions":
            for table in PARTITIONED:
                for month in range(1, 13):
                    connection.execute(partition(table, (2025, month)).encode())
        for statement in FILL:
            connection.execute(statement.encode())
        connection.execute("ANALYZE")
        yield connection
        connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())


def scans(node: dict[str, Any]) -> list[str]:
    """Return the tables that a plan reads from end to end; a chunk or a partition counts."""
    empty = node.get("Shared Hit Blocks", 1) + node.get("Shared Read Blocks", 0) == 0
    found = [node["Relation Name"]] if node["Node Type"] == "Seq Scan" and not empty else []
    return found + [table for child in node.get("Plans", ()) for table in scans(child)]


def plan(
    connection: Connection, statement: Any, values: dict[str, Any], how: str = MEASURED
) -> dict[str, Any]:
    text = statement if isinstance(statement, str) else statement.as_string(connection)
    explain = f"EXPLAIN ({how}FORMAT JSON) {text}".encode()
    rows = connection.execute(explain, values or None).fetchall()
    found: dict[str, Any] = rows[0]["QUERY PLAN"][0]["Plan"]
    return found


def pages_read(found: dict[str, Any]) -> int:
    """Return how many pages a plan touched, in memory or on disk."""
    return int(found["Shared Hit Blocks"]) + int(found["Shared Read Blocks"])


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_a_named_read_goes_by_an_index(filled: Connection, name: str) -> None:
    found = plan(filled, STATEMENTS[name], VALUES)
    assert scans(found) == []
    # Fifty articles at once: each looks through its ticker's signals of a day, here all two hundred.
    assert pages_read(found) < (50 * 220 if name == "reactions_of" else PAGES_READ)


@pytest.mark.parametrize(
    ("table", "filters"),
    [(t, f) for t, columns in PAGES.items() for f in ((), *((c,) for c in sorted(columns)))],
)
def test_a_page_goes_by_an_index_and_needs_no_sort(
    filled: Connection, table: str, filters: tuple[str, ...]
) -> None:
    found = plan(filled, page_statement(table, {f: VALUES[f] for f in filters}), VALUES)
    assert scans(found) == []
    assert "Sort" not in str(found)
    assert pages_read(found) < PAGES_READ


@pytest.mark.parametrize("filters", [(), ("ticker",)])
@pytest.mark.parametrize("narrowed", [(), ("denied",), ("denied", "code"), ("since",)])
def test_a_folded_page_goes_by_indexes(
    filled: Connection, filters: tuple[str, ...], narrowed: tuple[str, ...]
) -> None:
    values = {**VALUES, "before": 600_000_000, "most": MOST_FOLDED, "since": 0, "code": ""}
    found = plan(filled, fold_statement(filters, narrowed), values)
    assert scans(found) == []
    assert pages_read(found) < PAGES_READ
    assert LOOKED_AT >= TRADES / 100


def test_what_later_records_say_is_found_by_indexes(filled: Connection) -> None:
    """The sink links rows after every batch: a batch must not cost what the table costs."""
    for target in TARGETS.values():
        filled.execute(stage(target).replace(" ON COMMIT DELETE ROWS", "").encode())
    filled.execute("INSERT INTO stage_trades SELECT *, 0 FROM trades LIMIT 100")
    with filled.transaction():
        filled.execute(BY_INDEX.encode())
        plans = {parts: plan(filled, statement, {}, "") for parts, statement in LINKS}
    for parts, found in plans.items():
        whole = [t for t in scans(found) if not t.startswith("stage_")]
        assert set(whole) <= {"strategies"}, parts


def test_pages_follow_each_other_without_a_gap(filled: Connection) -> None:
    pages, after, seen = Pages(filled), After(), []
    for _ in range(5):
        rows = pages.page("trades", {"ticker": "T7"}, after, 7)
        seen += [r["id"] for r in rows]
        after = After(rows[-1]["stamp"], rows[-1]["id"])
    assert seen == [f"exe-{n}" for n in range(TRADES - 493, 0, -500)][:35]
    (one,) = pages.read("trade", id="exe-50")
    assert one["signal"]["id"] == "sig-5"
    assert one["outcome"]["id"] == "out-50"
    (article,) = pages.read("news_of_signal", id="sig-5")
    assert article["title"] == "title 5"
    with pytest.raises(ValueError, match="trades cannot be read by qty"):
        pages.page("trades", {"qty": "1"})
