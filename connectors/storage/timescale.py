"""The TimescaleDB path: hypertables, columnstore, continuous aggregates, policies.

The same tables and columns as on plain PostgreSQL; chosen by the migration where the extension
can be installed. Policies need TimescaleDB's community edition (the usual image); the Apache
edition keeps the hypertables and leaves the rest out.
"""

import logging
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from connectors.storage.rollups import LEVELS

CHUNK: Final = "7 days"
COMPRESS_AFTER: Final = "14 days"
SEGMENT_BY: Final = {
    "market_data": "ticker",
    "portfolio_snapshots": "account",
    "strategy_metrics": "strategy_id",
}
BUCKETS: Final = {
    "market_data_5m": "'5 minutes', start",
    "market_data_1h": "'1 hour', start",
    "market_data_1d": "'1 day', start, 'America/New_York'",
}
log = logging.getLogger(__name__)


def install(connection: Connection) -> bool:
    """Install the extension if the server has it; tells whether it is there now.

    A server that has the files but not the preload, or a user who may not install it, gets the
    plain path.
    """
    if extension_schema(connection) is not None:
        return True
    found = "SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'"
    if connection.execute(text(found)).scalar() is None:
        return False
    try:
        with connection.begin_nested():
            connection.execute(text("CREATE EXTENSION timescaledb SCHEMA public"))
    except SQLAlchemyError as error:
        log.warning("TimescaleDB is on this server but cannot be installed here: %s", error)
        return False
    return True


def extension_schema(connection: Connection) -> str | None:
    """Return the schema of the extension's functions, None without the extension."""
    sql = (
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
        "WHERE e.extname = 'timescaledb'"
    )
    return connection.execute(text(sql)).scalar()


def is_hypertable(connection: Connection, table: str) -> bool:
    """Tell whether a table of the present schema is a hypertable."""
    if extension_schema(connection) is None:
        return False
    sql = (
        "SELECT 1 FROM timescaledb_information.hypertables "
        "WHERE hypertable_schema = current_schema() AND hypertable_name = :t"
    )
    return connection.execute(text(sql), {"t": table}).scalar() is not None


def make_hypertable(connection: Connection, table: str, time: str) -> None:
    """Turn a table into a hypertable, rows included."""
    at = extension_schema(connection)
    connection.execute(
        text(
            f"SELECT {at}.create_hypertable('{table}', {at}.by_range('{time}', "
            f"INTERVAL '{CHUNK}'), create_default_indexes => false, migrate_data => true)"
        )
    )


def finish(connection: Connection, retention_days: int) -> None:
    """Add what runs outside a transaction; repeats change nothing.

    Called after every migration on a connection in autocommit. Without TimescaleDB it does
    nothing; on its Apache edition each part is refused by the server and left out.
    """
    if not is_hypertable(connection, "market_data"):
        return
    at = extension_schema(connection)
    statements = []
    for table, segment in SEGMENT_BY.items():
        time = "start" if table == "market_data" else "event_time"
        statements += [
            (
                f"ALTER TABLE {table} SET (timescaledb.enable_columnstore = true, "
                f"timescaledb.segmentby = '{segment}', timescaledb.orderby = '{time} DESC')"
            ),
            (
                f"CALL {at}.add_columnstore_policy('{table}', "
                f"after => INTERVAL '{COMPRESS_AFTER}', if_not_exists => true)"
            ),
        ]
        if retention_days:
            statements.append(
                f"SELECT {at}.add_retention_policy('{table}', "
                f"INTERVAL '{retention_days} days', if_not_exists => true)"
            )
    for view in LEVELS:
        statements += [
            (
                f"CREATE MATERIALIZED VIEW IF NOT EXISTS {view} WITH (timescaledb.continuous, "
                f"timescaledb.materialized_only = false) AS "
                f"SELECT ticker, {at}.time_bucket({BUCKETS[view]}) AS bucket, "
                f"{at}.first(open, start) AS open, max(high) AS high, min(low) AS low, "
                f"{at}.last(close, start) AS close, sum(volume) AS volume, count(*) AS bars "
                "FROM market_data WHERE interval = '1m' AND revision = 0 GROUP BY 1, 2 WITH NO DATA"
            ),
            (
                f"SELECT {at}.add_continuous_aggregate_policy('{view}', start_offset => "
                "INTERVAL '7 days', end_offset => INTERVAL '5 minutes', schedule_interval => "
                "INTERVAL '5 minutes', if_not_exists => true)"
            ),
        ]
    for statement in statements:
        try:
            connection.execute(text(statement))
        except SQLAlchemyError as error:
            log.warning("TimescaleDB refuses, left out: %s", str(error).splitlines()[0])


def drop_aggregates(connection: Connection) -> None:
    """Remove the continuous aggregates, before their hypertable goes."""
    for view in LEVELS:
        connection.execute(text(f"DROP MATERIALIZED VIEW IF EXISTS {view}"))
