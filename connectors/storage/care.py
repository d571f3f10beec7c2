"""The daily care for a schema: rollups, partitions ahead, retention, compression.

Done at every upgrade and once a day while a run is up, on either path, by the settings of that
moment. Bars are let go only after their buckets were summed, in the same transaction, while the
sink waits (`HOLD`); compression takes a transaction a chunk and lets the sink go on.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from connectors.storage import partitions, rollups, timescale
from connectors.storage.partitions import PARTITIONED

# One writer of a schema at a time: the sink's batches and the care take turns.
HOLD: Final = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 0))"
Begin = Callable[[], AbstractContextManager[Connection]]


def care(begin: Begin, retention_days: int) -> None:
    """Do what is due; assumes the schema's newest version.

    Args:
        begin: opens a transaction on a connection whose search path is the schema.
        retention_days: of bars, snapshots and metrics; 0 keeps them for ever.
    """
    with begin() as connection:
        connection.execute(text(HOLD))
        hyper = timescale.is_hypertable(connection, "market_data")
        rollups.refresh(connection.exec_driver_sql)
        _keep(connection, retention_days, hyper=hyper)
        connection.execute(
            text("UPDATE care SET done_at = now(), retention_days = :days"),
            {"days": retention_days},
        )
        chunks = timescale.old_chunks(connection) if hyper else []
    for chunk in chunks:
        with begin() as connection:
            timescale.compress(connection, chunk)


def _keep(connection: Connection, retention_days: int, *, hyper: bool) -> None:
    now = datetime.now(UTC)
    before = now - timedelta(days=retention_days) if retention_days else None
    if not hyper:
        partitions.make_ahead(connection, now)
        if before is not None:
            partitions.let_go(connection, before)
    elif before is not None:
        for table in PARTITIONED:
            timescale.let_go(connection, table, before)
