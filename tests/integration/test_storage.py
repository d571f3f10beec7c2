"""The database on a real PostgreSQL: migrations, and rows that a repeat does not change."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import msgspec
import psycopg
import pytest
from alembic import command as alembic
from sqlalchemy import text

from connectors.storage.access import SCHEMA
from connectors.storage.checks import checks
from connectors.storage.connection import DatabaseUnavailable
from connectors.storage.partitions import MONTHS_AHEAD, month_of, name_of
from connectors.storage.queries import Reader
from connectors.storage.rows import TARGETS
from connectors.storage.schema import (
    PEOPLE_MIGRATIONS,
    SchemaTooNew,
    configure,
    describe,
    engine_for,
    maintain,
    upgrade,
    upgrade_people,
)
from connectors.storage.sink import seed
from messages.base import make_id
from messages.broker import BrokerEvent
from messages.codec import Unreadable, decoder
from messages.trading import OrderRequest, OrderStatus, TradeExecution
from operators.blocks import Event
from stack.home import free_port
from stack.servers.services import Services
from tests.extremes import EXTREMES, every_message
from tests.storing import history, rows, store
from tests.streams import bar, bodies

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(400)]


@pytest.fixture
def schema(services: Services) -> str:
    name = f"test_{uuid.uuid4().hex[:8]}"
    upgrade(services.database_url, name)
    return name


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


def test_the_people_s_tables_agree_with_their_migrations(services: Services) -> None:
    assert upgrade_people(services.database_url)
    assert upgrade_people(services.database_url), "again changes nothing"
    engine = engine_for(services.database_url)
    with engine.begin() as connection:
        alembic.check(configure(connection, SCHEMA, PEOPLE_MIGRATIONS))
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


@pytest.mark.parametrize("backwards", [False, True])
def test_a_broker_s_word_counts_until_something_is_booked(
    services: Services, schema: str, backwards: bool
) -> None:
    events = history()
    fill = next(e for e in events if isinstance(e.body, TradeExecution))
    (first,) = bodies([fill], TradeExecution)
    order = next(e for e in events if getattr(e.body, "id", "") == first.order_id)
    statuses: tuple[OrderStatus, ...] = ("ACCEPTED", "UNKNOWN")
    told = [
        Event(order.stamp + n, "main", BrokerEvent(
            id=f"bro-{n}", event_time=first.event_time, account="main", broker="alpaca",
            kind="order", order_id=first.order_id, status=status,
        ))
        for n, status in enumerate(statuses)
    ]  # fmt: skip
    batches = [[e] for e in (*told[::-1], order)] if backwards else [[order, *told]]
    store(services, schema, *batches)
    assert rows(services, schema, "SELECT status FROM orders") == [("UNKNOWN",)]
    store(services, schema, [fill], told)
    assert rows(services, schema, "SELECT status FROM orders") == [("FILLED",)]
    found = rows(services, schema, "SELECT id, differences FROM broker_events ORDER BY stamp")
    assert found == [("bro-0", []), ("bro-1", [])]


def test_the_legs_of_an_order_are_kept(services: Services, schema: str) -> None:
    order = bodies(history(), OrderRequest)[0]
    entry = msgspec.structs.replace(order, stop_price=97.0, target_price=110.5)
    leg = msgspec.structs.replace(entry, id="ord-leg", leg_of=entry.id, leg="stop")
    store(services, schema, [Event(5, "main", entry), Event(6, "main", leg)])
    levels = (Decimal(97), Decimal("110.5"))
    sql = "SELECT stop_price, target_price, leg_of, leg FROM orders ORDER BY leg"
    assert rows(services, schema, sql) == [
        (*levels, "", ""), (*levels, entry.id, "stop"),
    ]  # fmt: skip


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


def test_what_was_written_is_counted_without_looking(services: Services, schema: str) -> None:
    events = history()
    store(services, schema, events, events, events[5:])
    reader = Reader(services.database_url, schema)
    written, counted = reader.written(), reader.counts()
    progress = reader.progress("paper")
    reader.close()
    for table, count in written.items():
        assert count == counted[table], table
    assert (progress.bars, progress.articles) == (11, 1)
    assert progress.day == "2025-03-12 09:40"
    assert progress.equity is not None


def test_repeats_in_a_row_and_new_rows_behind_them(services: Services, schema: str) -> None:
    """After a crash batches repeat, the last of them in part; then all rows are new again."""
    made = [bar(m, "AAA", 100_0000 + m) for m in range(1, 13)]
    store(services, schema, made[:4], made[:4], made[2:4], made[2:8], made[8:10], made[10:])
    found = rows(services, schema, "SELECT close FROM market_data ORDER BY start")
    assert [float(c) for (c,) in found] == [(100_0000 + m) / 10_000 for m in range(1, 13)]
    assert rows(services, schema, "SELECT written FROM row_counts WHERE name = 'market_data'") == [
        (12,)
    ]


def test_rows_lie_in_the_partition_of_their_month(services: Services, schema: str) -> None:
    store(services, schema, history())
    state = describe(services.database_url, schema)
    if state.path != "native partitions":
        assert state.chunks["market_data"] == (1, 0)
        return
    found = rows(services, schema, "SELECT DISTINCT tableoid::regclass::text FROM market_data")
    assert found == [("market_data_p202503",)]
    now = datetime.now(UTC)
    ahead = [name_of("market_data", month_of(now))]
    assert state.partitions["market_data"][:2] == ["market_data_p202503", *ahead]
    assert len(state.partitions["market_data"]) == 1 + 1 + MONTHS_AHEAD


def test_a_trade_names_the_strategy_behind_it(services: Services, schema: str) -> None:
    store(services, schema, history())
    found = rows(services, schema, "SELECT DISTINCT strategy_id FROM trades")
    assert found == [("momentum",)]


def bad_values(condition: str) -> list[str]:
    """Return SQL values that a rule refuses: an unknown word, or one beyond each limit."""
    column, _, rest = condition.partition(" ")
    if rest.startswith("IN"):
        return ["'HOLD'"]
    parts = [part.split() for part in condition.split(" AND ")]
    assert all(name == column for name, *_ in parts)
    return [f"{limit} - 1" if sign[0] == ">" else f"{limit} + 1" for _, sign, limit in parts]


def test_words_and_ranges_are_checked_by_the_database(services: Services, schema: str) -> None:
    seed(services.database_url, schema)
    for kind, values in every_message().items():
        body = decoder(kind)(msgspec.json.encode(values))  # type: ignore[arg-type]
        store(services, schema, [Event(1_741_786_260_000_000, "AAA", body)])
    made = {**checks(), "trades": {**checks()["trades"], "side": "side IN ('BUY', 'SELL')"}}
    without = {"learning_adjustments", "strategy_metrics"}  # which nothing fills yet
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute(f"SET search_path TO {schema}".encode())
        for table, conditions in made.items():
            if table in without:
                continue
            for column, condition in conditions.items():
                for bad in bad_values(condition):
                    with pytest.raises(psycopg.errors.CheckViolation, match=column):
                        connection.execute(f"UPDATE {table} SET {column} = {bad}".encode())
    found = rows(
        services, schema,
        "SELECT conrelid::regclass::text, conname FROM pg_constraint "
        f"WHERE contype = 'c' AND connamespace = '{schema}'::regnamespace AND conparentid = 0",
    )  # fmt: skip
    named = {(table, f"{table}_{column}_check") for table in checks() for column in checks()[table]}
    assert named <= set(found)


def test_only_rows_that_change_say_when(services: Services, schema: str) -> None:
    found = rows(
        services, schema,
        "SELECT table_name FROM information_schema.columns "
        f"WHERE table_schema = '{schema}' AND column_name = 'updated_at' "
        "AND table_name NOT IN ('fills', 'order_ends') ORDER BY 1",
    )  # fmt: skip
    assert [name for (name,) in found] == [
        "backtest_runs", "orders", "positions", "signals", "strategies", "trades"
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["plain", "back\\slash", "tab\there", "line\nbreak\r", "\\N"])
def test_any_source_name_survives_the_copy(services: Services, schema: str, text: str) -> None:
    store(services, schema, [bar(1, "AAA", 100_0000, source=text)])
    assert rows(services, schema, "SELECT source FROM market_data") == [(text,)]


def test_daily_care_makes_months_ahead(services: Services, schema: str) -> None:
    store(services, schema, history())
    maintain(services.database_url, schema, 30)
    state = describe(services.database_url, schema)
    if state.path == "native partitions":
        left = state.partitions["market_data"]
        assert left[0] == name_of("market_data", month_of(datetime.now(UTC)))
        assert len(left) == 1 + MONTHS_AHEAD
    with pytest.raises(DatabaseUnavailable):
        maintain(f"postgresql://u:secret@127.0.0.1:{free_port()}/x", schema, 30)


def test_fills_and_order_ends_have_names_of_their_own(services: Services, schema: str) -> None:
    events = history()
    whole = next(e for e in events if isinstance(e.body, TradeExecution))
    (fill,) = bodies([whole], TradeExecution)
    end = msgspec.structs.replace(
        fill, id="exe-end", execution_id="exe-end", qty=0, price=None, status="CANCELLED"
    )
    store(services, schema, [whole, whole._replace(body=end)])
    assert rows(services, schema, "SELECT id FROM fills") == [(fill.id,)]
    assert rows(services, schema, "SELECT id FROM order_ends") == [("exe-end",)]


@pytest.mark.parametrize("kind", TARGETS, ids=lambda k: k.__name__)
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
