"""The database sink: rows are durable before the epoch commits, repeats change nothing."""

import logging
import time
from collections.abc import Callable
from typing import Final

import psycopg
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from connectors.storage.rows import TARGETS, Target, target_of
from connectors.storage.tables import metadata
from connectors.storage.upserts import LINKS, copy, stage, upsert
from operators.blocks import Block, Event
from operators.params import MEAN_REVERSION, MOMENTUM, NEWS_DRIVEN

FLUSH_ROWS: Final = 5_000
FIRST_WAIT_S: Final = 0.2
LONGEST_WAIT_S: Final = 5.0
SEED: Final = (
    (MOMENTUM, "close crosses its moving average on volume"),
    (MEAN_REVERSION, "Wilder RSI leaves its band"),
    (NEWS_DRIVEN, "strong and confident recent news"),
)
log = logging.getLogger(__name__)


class StoppedWithoutDatabase(RuntimeError):
    """Asked to stop while the database is away; the epoch does not commit, nothing is lost."""


class DatabasePartition(StatefulSinkPartition[Block, None]):
    """Gathers rows and writes them table by table, in one transaction."""

    def __init__(self, url: str, schema: str, stopping: Callable[[], bool]) -> None:
        """Remember where; connects at the first flush."""
        self._url = url
        self._schema = schema
        self._stopping = stopping
        self._connection: psycopg.Connection | None = None
        self._rows: list[tuple[Target, Event]] = []

    def write_batch(self, values: list[Block]) -> None:
        """Gather events; flush when there are many."""
        for block in values:
            for event in block.events:
                if (target := target_of(event)) is not None:
                    self._rows.append((target, event))
        if len(self._rows) >= FLUSH_ROWS:
            self._flush()

    def snapshot(self) -> None:
        """Make everything gathered durable; waits while the database is away."""
        self._flush()

    def close(self) -> None:
        """Leave the database."""
        if self._connection is not None:
            self._connection.close()

    def _flush(self) -> None:
        wait = FIRST_WAIT_S
        while self._rows:
            try:
                self._write()
            except psycopg.OperationalError as error:
                if self._stopping():
                    reason = "asked to stop while the database does not answer"
                    raise StoppedWithoutDatabase(reason) from error
                log.warning("database away, next try in %.1f s: %s", wait, error)
                self._connection = None
                time.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)
            else:
                self._rows.clear()

    def _write(self) -> None:
        connection = self._connection = self._connection or self._connect()
        tables: dict[str, tuple[Target, list[Event]]] = {}
        for target, event in self._rows:
            tables.setdefault(target.table.name, (target, []))[1].append(event)
        with connection.transaction(), connection.cursor() as cursor:
            for target, events in tables.values():
                with cursor.copy(copy(target)) as rows:
                    for n, event in enumerate(events):
                        rows.write_row((*target.values(event.stamp, event.body), n))
                cursor.execute(upsert(target))
            for parts, statement in LINKS:
                if tables.keys() & set(parts):
                    cursor.execute(statement)

    def _connect(self) -> psycopg.Connection:
        connection = psycopg.connect(
            self._url, autocommit=True, connect_timeout=5, options=f"-c search_path={self._schema}"
        )
        for target in TARGETS.values():
            connection.execute(stage(target))
        return connection


class DatabaseSink(FixedPartitionedSink[Block, None]):
    """One partition: the tables of one run's schema."""

    def __init__(self, url: str, schema: str, stopping: Callable[[], bool]) -> None:
        """Remember where; nothing is opened here."""
        self._url = url
        self._schema = schema
        self._stopping = stopping

    def list_parts(self) -> list[str]:
        """Return the one partition."""
        return ["all"]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> DatabasePartition:
        """Open it; there is nothing to resume: a repeated row changes nothing."""
        return DatabasePartition(self._url, self._schema, self._stopping)


def seed(url: str, schema: str) -> None:
    """Write the default strategies at equal weights; repeats change nothing."""
    share = 1 / len(SEED)
    with psycopg.connect(url, options=f"-c search_path={schema}") as connection:
        for name, description in SEED:
            connection.execute(
                "INSERT INTO strategies (id, name, description, current_weight, active) "
                "VALUES (%s, %s, %s, %s, true) ON CONFLICT DO NOTHING",
                (name, name, description, share),
            )


def table_names() -> list[str]:
    """Return the names of all tables."""
    return sorted(metadata.tables)
