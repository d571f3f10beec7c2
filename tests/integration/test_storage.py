"""The database on a real PostgreSQL: migrations, and rows that a repeat does not change."""

import uuid
from datetime import UTC, datetime
from itertools import product
from typing import Any

import msgspec
import psycopg
import pytest
from alembic import command as alembic
from sqlalchemy import text

from connectors.storage.partitions import MONTHS_AHEAD, month_of, name_of
from connectors.storage.rows import TARGETS
from connectors.storage.schema import (
    DatabaseUnavailable,
    SchemaTooNew,
    configure,
    describe,
    engine_for,
    maintain,
    upgrade,
)
from connectors.storage.sink import DatabasePartition, seed
from messages.base import make_id
from messages.codec import Unreadable, decoder
from messages.trading import TradeExecution
from operators.blocks import Block, Event
from operators.params import Params
from operators.trading.desk import Desk
from stack.home import free_port
from stack.servers.services import Services
from tests.extremes import EXTREMES, every_message
from tests.streams import DAY, END, bar, blocks, bodies, outputs, raw, scored, signal, weight

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(400)]


@pytest.fixture
def schema(services: Services) -> str:
    name = f"test_{uuid.uuid4().hex[:8]}"
    upgrade(services.database_url, name)
    return name


def rows(services: Services, schema: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(services.database_url) as connection:
        connection.execute(f"SET search_path TO {schema}".encode())
        return connection.execute(sql.encode()).fetchall()


def store(services: Services, schema: str, *batches: list[Event]) -> None:
    part = DatabasePartition(services.database_url, schema, lambda: False)
    for batch in batches:
        part.write_batch([Block(batch, END)])
        part.snapshot()
    part.close()


def test_models_and_migrations_agree_up_and_down(services: Services, schema: str) -> None:
    engine = engine_for(services.database_url)
    with engine.begin() as connection:
        config = configure(connection, schema)
        alembic.check(config)
        alembic.downgrade(config, "base")
        left = "SELECT tablename FROM pg_tables WHERE schemaname = :s"
        assert connection.execute(text(left), {"s": schema}).scalars().all() == ["alembic_version"]
        alembic.upgrade(config, "head")
        alembic.check(config)
    engine.dispose()


def test_a_newer_schema_is_refused(services: Services, schema: str) -> None:
    with psycopg.connect(services.database_url) as connection:
        connection.execute(f"SET search_path TO {schema}".encode())
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew, match=r"at version 9999.*upgrade Tidewire"):
        upgrade(services.database_url, schema)


def test_a_database_that_is_not_there() -> None:
    url = f"postgresql://u:secret@127.0.0.1:{free_port()}/x"
    with pytest.raises(DatabaseUnavailable, match="does not answer") as error:
        upgrade(url, "x")
    assert "secret" not in str(error.value)


def history() -> list[Event]:
    """Return some of every kind of record, as the flows would publish them."""
    inputs = [
        *(bar(m, "AAA", 100_0000) for m in range(1, 12)),
        signal(2, "AAA", "LONG"),
        signal(4, "AAA", "SHORT"),
        signal(5, "AAA", "LONG"),
    ]
    inputs.sort(key=lambda e: (e.stamp, e.key))
    traded = outputs(Desk(Params(), DAY), blocks(inputs, []))
    news = [raw(1, "Title", ("AAA",)), scored(1, "AAA", 0.5), weight(0, "momentum", 0.25)]
    return [*inputs, *traded, *news]


def content(services: Services, schema: str) -> dict[str, Any]:
    return {
        "orders": rows(services, schema, "SELECT id, status FROM orders ORDER BY id"),
        "signals": rows(services, schema, "SELECT id, acted_on FROM signals ORDER BY id"),
        "positions": rows(services, schema, "SELECT ticker, qty, stamp FROM positions"),
        "bars": rows(services, schema, "SELECT id, close, volume FROM market_data ORDER BY id"),
        "weights": rows(services, schema, "SELECT id, current_weight FROM strategies ORDER BY id"),
        "trades": rows(services, schema, "SELECT id, price, pnl FROM trades ORDER BY id"),
    }


@pytest.mark.parametrize("backwards", [False, True])
def test_an_order_that_ends_where_it_was_filled_in_part_has_ended(
    services: Services, schema: str, backwards: bool
) -> None:
    """A part and a cancellation of one moment: the end counts, however they arrive."""
    events = history()
    whole = next(e for e in events if isinstance(e.body, TradeExecution))
    (first,) = bodies([whole], TradeExecution)
    part = msgspec.structs.replace(first, status="PARTIALLY_FILLED", qty=1)
    ids = [make_id("exe", "part", n) for n in range(8)]
    parts = [msgspec.structs.replace(part, id=i, execution_id=i) for i in ids]
    last = {"id": "exe-0end", "execution_id": "exe-0end", "qty": 0, "price": None}
    end = msgspec.structs.replace(part, status="CANCELLED", **last)
    ends = [whole._replace(body=body) for body in (*parts, end)]
    order = next(e for e in events if getattr(e.body, "id", "") == part.order_id)
    store(services, schema, [order], ends[::-1] if backwards else ends)
    found = rows(services, schema, "SELECT status FROM orders")
    assert found == [("CANCELLED",)]


@pytest.mark.parametrize("way", ["at once", "twice", "one by one", "backwards", "resumed"])
def test_the_way_records_arrive_changes_nothing(services: Services, schema: str, way: str) -> None:
    seed(services.database_url, schema)
    seed(services.database_url, schema)
    events = history()
    batches = {
        "at once": [events],
        "twice": [events, events],
        "one by one": [[e] for e in events],
        "backwards": [[e] for e in reversed(events) if "Position" not in type(e.body).__name__]
        + [[e] for e in events if "Position" in type(e.body).__name__],
        "resumed": [events[:20], events[10:]],
    }[way]
    store(services, schema, *batches)
    found = content(services, schema)
    assert {status for _, status in found["orders"]} == {"FILLED"}
    assert [acted for _, acted in found["signals"]].count(True) == 2
    assert None not in [acted for _, acted in found["signals"]]
    assert [(ticker, qty) for ticker, qty, _ in found["positions"]] == [("AAA", 0)]
    assert len(found["bars"]) == 11
    assert dict(found["weights"])["momentum"] == 0.25
    assert [pnl for *_, pnl in found["trades"]].count(None) == 1


def test_the_first_version_of_a_bar_stays_and_a_revision_stands_beside_it(
    services: Services, schema: str
) -> None:
    first, other = bar(1, "AAA", 100_0000), bar(1, "AAA", 101_0000)
    revised = bar(1, "AAA", 102_0000, revision=1)
    store(services, schema, [first, other], [other, revised])
    found = rows(services, schema, "SELECT revision, close FROM market_data ORDER BY revision")
    assert [(r, float(c)) for r, c in found] == [(0, 100.0), (1, 102.0)]


def test_rollups_say_what_the_bars_say(services: Services, schema: str) -> None:
    events = [bar(m, t, 100_0000 + m * 100) for m in range(1, 391) for t in ("AAA", "BBB")]
    revision = bar(7, "AAA", 150_0000, revision=1)
    store(services, schema, events[500:], events[:500], [revision])
    for table, bucket in (
        ("market_data_5m", "date_bin('5 minutes', start, '2000-01-01+00')"),
        ("market_data_1h", "date_trunc('hour', start, 'UTC')"),
        ("market_data_1d", "date_trunc('day', start, 'America/New_York')"),
    ):
        wanted = rows(
            services, schema,
            f"SELECT ticker, {bucket} b, (array_agg(open ORDER BY start))[1], max(high), min(low), "
            "(array_agg(close ORDER BY start DESC))[1], sum(volume), count(*) FROM market_data "
            "WHERE revision = 0 GROUP BY 1, 2 ORDER BY 1, 2",
        )  # fmt: skip
        found = rows(
            services, schema,
            f"SELECT ticker, bucket, open, high, low, close, volume, bars FROM {table} "
            "ORDER BY 1, 2",
        )  # fmt: skip
        assert found == wanted, table
    assert rows(services, schema, "SELECT since FROM rollup_due") == [(None,)]


def test_rows_lie_in_the_partition_of_their_month(services: Services, schema: str) -> None:
    store(services, schema, history())
    found = rows(services, schema, "SELECT DISTINCT tableoid::regclass::text FROM market_data")
    assert found == [("market_data_p202503",)]
    state = describe(services.database_url, schema)
    now = datetime.now(UTC)
    assert state.path == "native partitions"
    ahead = [name_of("market_data", month_of(now))]
    assert state.partitions["market_data"][:2] == ["market_data_p202503", *ahead]
    assert len(state.partitions["market_data"]) == 1 + 1 + MONTHS_AHEAD


def test_old_partitions_are_let_go_and_new_ones_stay(services: Services, schema: str) -> None:
    store(services, schema, history())
    upgrade(services.database_url, schema, retention_days=100_000)
    assert rows(services, schema, "SELECT count(*) FROM market_data") == [(11,)]
    upgrade(services.database_url, schema, retention_days=30)
    assert rows(services, schema, "SELECT count(*) FROM market_data") == [(0,)]
    assert rows(services, schema, "SELECT count(*) > 0 FROM trades") == [(True,)]


def test_a_trade_names_the_strategy_behind_it(services: Services, schema: str) -> None:
    store(services, schema, history())
    found = rows(services, schema, "SELECT DISTINCT strategy_id FROM trades")
    assert found == [("momentum",)]


def test_words_are_checked_by_the_database(services: Services, schema: str) -> None:
    store(services, schema, history())
    with pytest.raises(psycopg.errors.CheckViolation):
        rows(services, schema, "UPDATE trades SET side = 'HOLD' RETURNING id")


@pytest.mark.parametrize("text", ["plain", "back\\slash", "tab\there", "line\nbreak\r", "\\N"])
def test_any_source_name_survives_the_copy(services: Services, schema: str, text: str) -> None:
    store(services, schema, [bar(1, "AAA", 100_0000, source=text)])
    assert rows(services, schema, "SELECT source FROM market_data") == [(text,)]


def test_daily_care_makes_months_ahead_and_lets_old_ones_go(
    services: Services, schema: str
) -> None:
    store(services, schema, history())
    maintain(services.database_url, schema, 30)
    left = describe(services.database_url, schema).partitions["market_data"]
    assert left[0] == name_of("market_data", month_of(datetime.now(UTC)))
    assert len(left) == 1 + MONTHS_AHEAD
    with pytest.raises(DatabaseUnavailable):
        maintain(f"postgresql://u:secret@127.0.0.1:{free_port()}/x", schema, 30)


@pytest.mark.parametrize("kind", every_message(), ids=lambda k: k.__name__)
def test_the_database_takes_whatever_the_codec_lets_in(
    services: Services, schema: str, kind: type[Any]
) -> None:
    """Otherwise one record of a stranger's would stop the flow that stores it, again and again."""
    values, events = every_message()[kind], list[Event]()
    read: Any = decoder(kind)  # type: ignore[arg-type]  # a type is hashable
    for n, (field, extreme) in enumerate(product(values, EXTREMES)):
        id_ = {"id": f"x{n}"} if field != "id" else {}
        try:
            body = read(msgspec.json.encode({**values, **id_, field: extreme}))
        except Unreadable:
            continue
        events.append(Event(n, "", body))
    store(services, schema, events)
    table = TARGETS[kind].table.name
    assert rows(services, schema, f"SELECT count(*) > 0 FROM {table}") == [(True,)]
