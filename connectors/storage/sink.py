"""The database sink: rows are durable before the epoch commits, repeats change nothing."""

import logging
import time
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, cast

import psycopg
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from msgspec import Struct

from connectors.storage.care import HOLD
from connectors.storage.connection import connect
from connectors.storage.partitions import month_of, name_of, statement
from connectors.storage.rollups import NOTE, due_hours, refresh
from connectors.storage.rows import TARGETS, Target
from connectors.storage.upserts import (
    BY_INDEX,
    COUNT,
    LINKED,
    LINKS,
    MOVES_WEIGHTS,
    NEW_BARS,
    WEIGHTS_IN_FORCE,
    copy,
    copy_staged,
    stage,
    upsert,
)
from connectors.telemetry import FLUSH_SECONDS, ROWS, VITALS
from messages.errors import TidewireError
from operators.blocks import Block, Event
from operators.params import MEAN_REVERSION, MOMENTUM, NEWS_DRIVEN, equal_weights

Cursor = psycopg.Cursor[Any]

FLUSH_ROWS: Final = 5_000
TIME_OF: Final = {name: attrgetter(f"body.{name}") for name in ("start", "event_time")}
REFRESH_S: Final = 60.0
LINES: Final = 500
FIRST_WAIT_S: Final = 0.2
LONGEST_WAIT_S: Final = 5.0
SEED: Final = (
    (MOMENTUM, "close crosses its moving average on volume"),
    (MEAN_REVERSION, "Wilder RSI leaves its band"),
    (NEWS_DRIVEN, "strong and confident recent news"),
)
log = logging.getLogger(__name__)


class StoppedWithoutDatabase(TidewireError, RuntimeError):
    """Asked to stop while the database is away; the epoch does not commit, nothing is lost."""


class DatabasePartition(StatefulSinkPartition[Block, None]):
    """Gathers rows and writes them table by table, in one transaction."""

    def __init__(self, url: str, schema: str, stopping: Callable[[], bool]) -> None:
        """Remember where; connects at the first flush."""
        self._url = url
        self._schema = schema
        self._stopping = stopping
        self._connection: psycopg.Connection | None = None
        self._events: dict[type[Struct], list[Event]] = {}
        self._count = 0
        self._partitions: set[str] = set()
        self._repeating: set[str] = set()  # tables whose last batch held rows that were there
        self._native = False
        self._refresh_at = 0.0

    def write_batch(self, values: list[Block]) -> None:
        """Gather events; flush when there are many."""
        for block in values:
            for event in block.events:
                self._events.setdefault(type(event.body), []).append(event)
            self._count += len(block.events)
        if self._count >= FLUSH_ROWS:
            self._flush()

    def snapshot(self) -> None:
        """Make everything gathered durable; waits while the database is away."""
        began = time.monotonic()
        self._flush()
        FLUSH_SECONDS.record(time.monotonic() - began, {"sink": "database"})
        VITALS.durable()

    def close(self) -> None:
        """Bring the rollups up to date and leave the database."""
        if self._connection is not None:
            if not self._connection.closed:
                with self._connection.transaction(), self._connection.cursor() as cursor:
                    cursor.execute(HOLD)
                    refresh(cursor.execute)
            self._connection.close()

    def _flush(self) -> None:
        wait = FIRST_WAIT_S
        while self._events:
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
                self._events, self._count = {}, 0

    def _write(self) -> None:
        connection = self._connection = self._connection or self._connect()
        written = set()
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(HOLD)
            for kind, events in self._events.items():
                if (target := TARGETS.get(kind)) is not None:
                    self._put(cursor, target, events)
                    written.add(target.table.name)
                    ROWS.add(len(events), {"table": target.table.name})
            if written & LINKED:
                cursor.execute(BY_INDEX)
            for parts, link in LINKS:
                if written & set(parts):
                    cursor.execute(link)
            if written & MOVES_WEIGHTS:
                cursor.execute(WEIGHTS_IN_FORCE)
            if time.monotonic() >= self._refresh_at:
                refresh(cursor.execute)
                self._refresh_at = time.monotonic() + REFRESH_S

    def _put(self, cursor: Cursor, target: Target, events: list[Event]) -> None:
        """Move rows in: straight where all are new, through the staging table otherwise.

        Repeats come in a row, after a crash: while a table's batches hold some, the straight way,
        which the first of them would undo, is not tried.
        """
        if target.time is not None and self._native:
            self._make_partitions(cursor, target, events)
        linked, bars = target.table.name in LINKED, target.table.name == "market_data"
        name = target.table.name
        straight = not (target.latest or linked or name in self._repeating)
        if straight and self._copied(cursor, target, events):
            new = len(events)
            if bars:
                cursor.execute(NOTE, due_hours(events))
        else:
            self._staged(cursor, target, events)
            if bars:
                cursor.execute(NEW_BARS.format(upsert=upsert(target)).encode())
                new = int((cursor.fetchone() or (0,))[0])
            else:
                new = cursor.execute(upsert(target)).rowcount
            (self._repeating.discard if new == len(events) else self._repeating.add)(name)
        if not target.latest:
            newest = max(map(TIME_OF["start" if bars else "event_time"], events))
            cursor.execute(COUNT, (target.table.name, new, newest))

    @staticmethod
    def _staged(cursor: Cursor, target: Target, events: list[Event]) -> None:
        """Copy rows into the staging table."""
        with cursor.copy(copy_staged(target)) as staged:
            if target.lines is not None:
                for start in range(0, len(events), LINES):
                    staged.write(target.lines(events[start : start + LINES], start))
            else:
                for n, event in enumerate(events):
                    staged.write_row((*target.values(event.stamp, event.body), n))

    @staticmethod
    def _copied(cursor: Cursor, target: Target, events: list[Event]) -> bool:
        """Copy rows into their table; tells whether it went: a row that is there undoes it."""
        try:
            with cursor.connection.transaction(), cursor.copy(copy(target)) as into:
                if target.lines is not None:
                    for start in range(0, len(events), LINES):
                        into.write(target.lines(events[start : start + LINES], None))
                else:
                    for event in events:
                        into.write_row(target.values(event.stamp, event.body))
        except psycopg.errors.UniqueViolation:
            return False
        return True

    def _make_partitions(self, cursor: Cursor, target: Target, events: list[Event]) -> None:
        time_of = attrgetter(cast("str", target.time))
        for month in sorted({month_of(moment) for moment in {time_of(e.body) for e in events}}):
            name = name_of(target.table.name, month)
            if name not in self._partitions:
                cursor.execute(statement(target.table.name, month).encode())
                self._partitions.add(name)

    def _connect(self) -> psycopg.Connection:
        connection = connect(self._url, self._schema, autocommit=True)
        for target in TARGETS.values():
            connection.execute(stage(target))
        found = connection.execute(
            "SELECT EXISTS (SELECT FROM pg_partitioned_table"
            " WHERE partrelid = to_regclass('market_data'))"
        ).fetchone()
        self._native = bool(found and found[0])
        self._partitions.clear()
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


def seed(url: str, schema: str, own: Sequence[tuple[str, str]] = ()) -> None:
    """Write the strategies at equal weights; repeats change nothing.

    Args:
        url: of the database.
        schema: of the run.
        own: name and description of strategies besides the built-in ones.
    """
    every = (*SEED, *own)
    shares = equal_weights([name for name, _ in every])
    with connect(url, schema) as connection:
        for name, description in every:
            connection.execute(
                "INSERT INTO strategies (id, name, description, current_weight, active) "
                "VALUES (%s, %s, %s, %s, true) ON CONFLICT DO NOTHING",
                (name, name, description, shares[name]),
            )


def table_names() -> list[str]:
    """Return the names of the tables that a run fills."""
    return sorted({t.table.name for t in TARGETS.values()} | {"strategies"})
