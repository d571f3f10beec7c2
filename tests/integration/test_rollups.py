"""Rollups and the daily care, on whichever database the tests run: equal to sums by hand."""

import threading
import uuid

import psycopg
import pytest

from connectors.storage.partitions import statement
from connectors.storage.queries import Reader
from connectors.storage.schema import describe, maintain, upgrade
from connectors.storage.sink import DatabasePartition
from messages.units import MINUTE_US, to_micros
from operators.blocks import Block
from stack.servers.services import Services
from tests.storing import BUCKETS, buckets, expected, history, minutes, rows, store
from tests.streams import END, bar

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(400)]


@pytest.fixture
def schema(services: Services) -> str:
    name = f"test_{uuid.uuid4().hex[:8]}"
    upgrade(services.database_url, name)
    return name


def test_rollups_say_what_the_bars_say(services: Services, schema: str) -> None:
    events = minutes("2025-03-12T13:30+00:00", 390, "AAA", "BBB")
    revision = bar(7, "AAA", 150_0000, revision=1)
    store(services, schema, events[500:], events[:500], [revision])
    for table in BUCKETS:
        assert buckets(services, schema, table) == expected(services, schema, table), table
    assert rows(services, schema, "SELECT count(*) FROM rollup_due") == [(0,)]


def test_buckets_of_any_age_are_right_after_a_back_fill(services: Services, schema: str) -> None:
    """Years apart, newest first; across the days on which New York's clocks change."""
    store(services, schema, minutes("2025-06-02T13:30+00:00", 60, "AAA"))
    store(services, schema, minutes("2019-11-02T00:00+00:00", 3 * 1_440, "AAA", step=7))
    store(services, schema, minutes("2024-03-09T00:00+00:00", 3 * 1_440, "AAA", "BBB", step=11))
    store(services, schema, minutes("2019-11-03T05:03+00:00", 200, "AAA", step=3))
    for table in BUCKETS:
        found = buckets(services, schema, table)
        assert found == expected(services, schema, table), table
        assert len({bucket.year for _, bucket, *_ in found}) == 3


def test_a_late_bar_costs_its_own_hour_and_repeats_cost_nothing(
    services: Services, schema: str
) -> None:
    events = minutes("2025-03-12T13:30+00:00", 390, "AAA", "BBB")
    late = events.pop(100)
    store(services, schema, events)
    version = "SELECT ticker, bucket, xmin::text FROM market_data_5m ORDER BY 1, 2"
    before = rows(services, schema, version)
    store(services, schema, events, [bar(7, "AAA", 150_0000, revision=1)])
    assert rows(services, schema, version) == before
    store(services, schema, [late])
    changed = set(rows(services, schema, version)) ^ set(before)
    hour = late.stamp // (60 * MINUTE_US)
    assert changed
    assert {(t, to_micros(b) // (60 * MINUTE_US)) for t, b, _ in changed} == {(late.key, hour)}
    assert buckets(services, schema, "market_data_5m") == expected(
        services, schema, "market_data_5m"
    )


def test_retention_is_what_the_settings_say_each_time(services: Services, schema: str) -> None:
    store(services, schema, history(), minutes("2016-01-04T14:30+00:00", 60, "OLD"))
    left = "SELECT DISTINCT ticker FROM market_data ORDER BY 1"
    upgrade(services.database_url, schema, retention_days=100_000)
    assert rows(services, schema, left) == [("AAA",), ("OLD",)]
    upgrade(services.database_url, schema, retention_days=365 * 8)
    assert rows(services, schema, left) == [("AAA",)]
    upgrade(services.database_url, schema, retention_days=0)
    maintain(services.database_url, schema, 0)
    assert rows(services, schema, left) == [("AAA",)]
    maintain(services.database_url, schema, 30)
    assert rows(services, schema, left) == []
    assert rows(services, schema, "SELECT count(*) > 0 FROM trades") == [(True,)]
    assert rows(services, schema, "SELECT retention_days, done_at IS NOT NULL FROM care") == [
        (30, True)
    ]
    assert describe(services.database_url, schema).jobs == []


def test_bars_are_let_go_after_their_buckets_were_summed(services: Services, schema: str) -> None:
    """Also when the sink has not come to it, and a late bar afterwards takes nothing away."""
    old = minutes("2016-01-04T14:30+00:00", 60, "OLD")
    late = old.pop(20)
    part = DatabasePartition(services.database_url, schema, lambda: False)
    part._refresh_at = float("inf")
    part.write_batch([Block(old, END)])
    part.snapshot()
    assert part._connection is not None
    part._connection.close()  # as in a crash: nothing is refreshed any more
    wanted = {table: expected(services, schema, table) for table in BUCKETS}
    assert buckets(services, schema, "market_data_5m") == []
    maintain(services.database_url, schema, 30)
    assert rows(services, schema, "SELECT count(*) FROM market_data") == [(0,)]
    assert {table: buckets(services, schema, table) for table in BUCKETS} == wanted
    store(services, schema, [late])
    assert {table: buckets(services, schema, table) for table in BUCKETS} == wanted


def test_what_is_old_is_compressed_and_takes_late_rows(services: Services, schema: str) -> None:
    events = minutes("2025-03-12T13:30+00:00", 390, "AAA", "BBB")
    late = events.pop(100)
    store(services, schema, events)
    maintain(services.database_url, schema, 0)
    state = describe(services.database_url, schema)
    if state.path != "native partitions":
        assert state.chunks["market_data"] == (1, 1)
    store(services, schema, [late], events[:50])
    maintain(services.database_url, schema, 0)
    assert rows(services, schema, "SELECT count(*) FROM market_data") == [(780,)]
    for table in BUCKETS:
        assert buckets(services, schema, table) == expected(services, schema, table), table


def test_a_schema_of_an_earlier_version_is_brought_along(services: Services) -> None:
    """Its buckets are summed anew, whatever it had instead of them."""
    name = f"test_{uuid.uuid4().hex[:8]}"
    upgrade(services.database_url, name, revision="0004")
    with psycopg.connect(services.database_url) as connection:
        connection.execute(f"SET search_path TO {name}".encode())
        if describe(services.database_url, name).path == "native partitions":
            connection.execute(statement("market_data", (2024, 3)).encode())
        connection.execute(
            "INSERT INTO market_data (ticker, start, interval, revision, id, stamp, open, high, "
            "low, close, volume, source, backfilled) SELECT 'AAA', m, '1m', 0, 'bar-' || m, 0, 1, "
            "2, 0.5, 1, 10, 'test', false FROM generate_series('2024-03-08 14:30+00'::timestamptz, "
            "'2024-03-12 20:00+00', INTERVAL '9 minutes') m"
        )
    upgrade(services.database_url, name)
    for table in BUCKETS:
        found = buckets(services, name, table)
        assert found == expected(services, name, table), table
        assert found
    reader = Reader(services.database_url, name)
    assert reader.written()["market_data"] == reader.counts()["market_data"]
    reader.close()


def test_care_and_sink_take_turns(services: Services, schema: str) -> None:
    """A refresh by one must not strike off what the other has just made due."""
    events = minutes("2025-03-12T13:30+00:00", 390, "AAA", "BBB", "CCC")
    stop = threading.Event()

    def keep_caring() -> None:
        while not stop.is_set():
            maintain(services.database_url, schema, 0)

    caring = threading.Thread(target=keep_caring)
    caring.start()
    try:
        part = DatabasePartition(services.database_url, schema, lambda: False)
        for at in range(0, len(events), 20):
            part.write_batch([Block(events[at : at + 20], END)])
            part.snapshot()
        part.close()
    finally:
        stop.set()
        caring.join()
    for table in BUCKETS:
        assert buckets(services, schema, table) == expected(services, schema, table), table
