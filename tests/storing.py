"""Rows on a real database: stored as the sink does, read back, and summed by hand."""

from contextlib import closing
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from connectors.storage.sink import DatabasePartition
from messages.market import bar_id
from messages.units import MINUTE_US, to_datetime, to_micros
from operators.blocks import Block, Event
from operators.params import Params
from operators.trading.desk import Desk
from stack.servers.services import Services
from tests.streams import DAY, END, bar, blocks, outputs, raw, scored, signal, weight


def rows(services: Services, schema: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(services.database_url) as connection:
        connection.execute(f"SET search_path TO {schema}".encode())
        return connection.execute(sql.encode()).fetchall()


def store(services: Services, schema: str, *batches: list[Event]) -> None:
    with closing(DatabasePartition(services.database_url, schema, lambda: False)) as part:
        for batch in batches:
            part.write_batch([Block(batch, END)])
            part.snapshot()


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


BUCKETS = {
    "market_data_5m": "date_bin('5 minutes', start, '2000-01-01+00')",
    "market_data_1h": "date_trunc('hour', start, 'UTC')",
    "market_data_1d": "date_trunc('day', start, 'America/New_York')",
}


def buckets(services: Services, schema: str, table: str) -> list[tuple[Any, ...]]:
    sql = f"SELECT ticker, bucket, open, high, low, close, volume, bars FROM {table} ORDER BY 1, 2"
    return rows(services, schema, sql)


def expected(services: Services, schema: str, table: str) -> list[tuple[Any, ...]]:
    """Sum a level straight from the bars."""
    return rows(
        services, schema,
        f"SELECT ticker, {BUCKETS[table]} b, (array_agg(open ORDER BY start))[1], max(high), "
        "min(low), (array_agg(close ORDER BY start DESC))[1], sum(volume), count(*) "
        "FROM market_data WHERE interval = '1m' AND revision = 0 GROUP BY 1, 2 ORDER BY 1, 2",
    )  # fmt: skip


def minutes(first: str, count: int, *tickers: str, step: int = 1) -> list[Event]:
    """Return bars of a minute from a moment on, every `step` minutes."""
    start = to_micros(datetime.fromisoformat(first))
    found = []
    for n in range(0, count, step):
        stamp = start + (n + 1) * MINUTE_US
        for ticker in tickers:
            made = bar(1, ticker, 100_0000 + n * 100)
            begin = to_datetime(stamp - MINUTE_US)
            body = msgspec.structs.replace(
                made.body,
                id=bar_id(ticker, begin, "1m"),
                start=begin,
                event_time=to_datetime(stamp),
            )
            found.append(Event(stamp, ticker, body))
    return found
