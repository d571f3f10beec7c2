"""What storing costs: the database sink beside a raw COPY of the same rows, turn about.

`python -m benchmarks.storage` starts a PostgreSQL of its own and prints one JSON line. The raw
COPY is psycopg's `write_row` into a table of the same columns and primary key; the sink does all
that it does in a run: partitions, repeats, rollups, counts, its own batches and transactions. Rates
are rows per CPU second, of this process and of the server together.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil
import psycopg

from connectors.storage.rows import TARGETS
from connectors.storage.schema import upgrade
from connectors.storage.sink import FLUSH_ROWS, DatabasePartition
from messages.market import Bar, bar_id
from messages.units import MINUTE_US, to_datetime
from operators.blocks import Block, Event
from stack.home import Home
from stack.servers.database import EmbeddedDatabase

FIRST: Final = 1_741_786_200_000_000  # 2025-03-12 13:30 UTC
MINUTES: Final = 390
TICKERS: Final = 150


def bars() -> list[Event]:
    """Return a day of minute bars of 150 tickers."""
    events = []
    for minute in range(MINUTES):
        start = to_datetime(FIRST + minute * MINUTE_US)
        end = to_datetime(FIRST + (minute + 1) * MINUTE_US)
        for n in range(TICKERS):
            price = 100 + n + minute / 100
            bar = Bar(
                id=bar_id(f"T{n}", start, "1m"), event_time=end, ticker=f"T{n}", start=start,
                interval="1m", open=price, high=price + 1, low=price - 1, close=price,
                volume=1_000 + n, source="benchmark",
            )  # fmt: skip
            events.append(Event(FIRST + (minute + 1) * MINUTE_US, bar.ticker, bar))
    return events


def raw(url: str, schema: str, events: list[Event], cpu: Callable[[], float]) -> float:
    """Return rows per CPU second of a raw COPY, in batches of the sink's size."""
    target = TARGETS[Bar]
    rows = [target.values(e.stamp, e.body) for e in events]
    columns = ", ".join(f'"{c}"' for c in target.columns)
    with psycopg.connect(url, autocommit=True, options=f"-c search_path={schema}") as connection:
        connection.execute(
            "CREATE TABLE raw (LIKE market_data INCLUDING DEFAULTS, "
            "PRIMARY KEY (ticker, interval, start, revision))"
        )
        began = cpu()
        for at in range(0, len(rows), FLUSH_ROWS):
            copy = f"COPY raw ({columns}) FROM STDIN".encode()
            with connection.cursor() as cursor, cursor.copy(copy) as into:
                for row in rows[at : at + FLUSH_ROWS]:
                    into.write_row(row)
        return len(rows) / (cpu() - began)


def sink(url: str, schema: str, events: list[Event], cpu: Callable[[], float]) -> float:
    """Return rows per CPU second through the database sink, to the last commit."""
    part = DatabasePartition(url, schema, lambda: False)
    part.write_batch([Block(events[:1], 0)])
    part.snapshot()  # connected, as in a run that goes on
    began = cpu()
    for at in range(1, len(events), FLUSH_ROWS):
        part.write_batch([Block(events[at : at + FLUSH_ROWS], 0)])
    part.snapshot()
    rate = (len(events) - 1) / (cpu() - began)
    part.close()
    return rate


def clock_of(url: str) -> Callable[[], float]:
    """Return a clock of the CPU seconds of this process and of a local server's processes."""
    with psycopg.connect(url) as connection:
        server = psutil.Process(connection.info.backend_pid).parent()
    assert server is not None  # noqa: S101 - every backend has one

    def cpu() -> float:
        spent = time.process_time()
        for process in (server, *server.children(recursive=True)):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            spent += times.user + times.system
            if process == server:
                spent += times.children_user + times.children_system
        return spent

    return cpu


def main() -> None:
    """Measure once."""
    events = bars()
    with tempfile.TemporaryDirectory() as directory:
        database = EmbeddedDatabase(Home(Path(directory)))
        database.start()
        try:
            upgrade(database.url, "bench")
            cpu = clock_of(database.url)
            found = {
                "raw": raw(database.url, "bench", events, cpu),
                "sink": sink(database.url, "bench", events, cpu),
                "repeats": sink(database.url, "bench", events, cpu),
            }
        finally:
            database.discard()
    sys.stdout.write(json.dumps({name: round(rate) for name, rate in found.items()}) + "\n")


if __name__ == "__main__":
    main()
