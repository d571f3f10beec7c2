"""The TimescaleDB path: hypertables, and the columnstore for what is old.

The same tables and columns as on plain PostgreSQL; chosen by the migration where the extension can
be used. No background job: what jobs would do, `storage.care` does, so that settings hold each
time and runs that are over cost nothing.
"""

import logging
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

CHUNK: Final = "30 days"
COMPRESS_AFTER: Final = "14 days"
SEGMENT_BY: Final = {
    "market_data": "ticker",
    "portfolio_snapshots": "account",
    "strategy_metrics": "strategy_id",
}
# Continuous aggregates that earlier versions made; now ordinary tables of the same names.
AGGREGATES: Final = ("market_data_5m", "market_data_1h", "market_data_1d")
JOBS: Final = """SELECT job_id FROM timescaledb_information.jobs
  WHERE hypertable_schema = current_schema() AND hypertable_name = :t"""
log = logging.getLogger(__name__)


def install(connection: Connection) -> bool:
    """Install the extension if it can be used; tells whether the TimescaleDB path is taken.

    It is taken with TimescaleDB's community edition, preloaded by the server. Without the preload
    the attempt alone would end the connection; the Apache edition has no columnstore. Both, and a
    user who may not install, get the plain path.
    """
    if not is_preloaded(connection):
        return False
    if extension_schema(connection) is None:
        try:
            with connection.begin_nested():
                connection.execute(text("CREATE EXTENSION timescaledb SCHEMA public"))
        except SQLAlchemyError as error:
            reason = str(error.__cause__ or error).strip()
            log.warning("TimescaleDB cannot be installed here, plain tables instead: %s", reason)
            return False
    licence = connection.execute(text("SHOW timescaledb.license")).scalar()
    if licence != "timescale":
        log.warning("TimescaleDB's %s edition has no columnstore: plain tables instead", licence)
        return False
    return True


def is_preloaded(connection: Connection) -> bool:
    """Tell whether the server has loaded the extension's files, as its settings show anybody."""
    sql = (
        "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') "
        "AND EXISTS (SELECT FROM pg_settings WHERE name LIKE 'timescaledb%')"
    )
    return bool(connection.execute(text(sql)).scalar())


def version(connection: Connection) -> str | None:
    """Return the extension's version that the server has loaded; None without."""
    if not is_preloaded(connection):
        return None
    sql = (
        "SELECT coalesce(installed_version, default_version) FROM pg_available_extensions "
        "WHERE name = 'timescaledb'"
    )
    return connection.execute(text(sql)).scalar()


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
    """Turn a table into a hypertable, rows included, whose old chunks can be compressed."""
    at = extension_schema(connection)
    connection.execute(
        text(
            f"SELECT {at}.create_hypertable('{table}', {at}.by_range('{time}', "
            f"INTERVAL '{CHUNK}'), create_default_indexes => false, migrate_data => true)"
        )
    )
    connection.execute(
        text(
            f"ALTER TABLE {table} SET (timescaledb.enable_columnstore = true, "
            f"timescaledb.segmentby = '{SEGMENT_BY[table]}', "
            f"timescaledb.orderby = '{time} DESC')"
        )
    )


def old_chunks(connection: Connection) -> list[str]:
    """Return the chunks of the present schema's hypertables that are old enough to compress."""
    at = extension_schema(connection)
    sql = f"SELECT c::text FROM {at}.show_chunks(:t, older_than => INTERVAL '{COMPRESS_AFTER}') c"
    found: list[str] = []
    for table in SEGMENT_BY:
        found += connection.execute(text(sql), {"t": table}).scalars()
    return found


def compress(connection: Connection, chunk: str) -> None:
    """Compress a chunk, also one to which rows came after it was; otherwise do nothing."""
    at = extension_schema(connection)
    sql = f"SELECT {at}.compress_chunk(CAST(:c AS regclass), if_not_compressed => true)"
    connection.execute(text(sql), {"c": chunk})


def let_go(connection: Connection, table: str, before: datetime) -> None:
    """Drop the chunks of a hypertable that end at or before a moment."""
    at = extension_schema(connection)
    connection.execute(text(f"SELECT {at}.drop_chunks('{table}', :before)"), {"before": before})


def drop_jobs(connection: Connection, table: str) -> None:
    """Remove the background jobs that earlier versions added to a hypertable."""
    at = extension_schema(connection)
    for job in connection.execute(text(JOBS), {"t": table}).scalars().all():
        connection.execute(text(f"SELECT {at}.delete_job(:job)"), {"job": job})


def drop_aggregates(connection: Connection) -> None:
    """Remove continuous aggregates, their jobs included."""
    for view in AGGREGATES:
        sql = "SELECT relkind FROM pg_class WHERE oid = to_regclass(:v)"
        if connection.execute(text(sql), {"v": view}).scalar() == "v":
            connection.execute(text(f"DROP MATERIALIZED VIEW {view}"))


def chunks(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return hypertable of the present schema -> its chunks, and the compressed ones of them."""
    sql = (
        "SELECT hypertable_name, count(*), count(*) FILTER (WHERE is_compressed) "
        "FROM timescaledb_information.chunks WHERE hypertable_schema = current_schema() "
        "GROUP BY 1 ORDER BY 1"
    )
    return {name: (every, packed) for name, every, packed in connection.execute(text(sql))}


def jobs(connection: Connection) -> list[str]:
    """Return the background jobs of the present schema's hypertables and how they fare."""
    sql = (
        "SELECT j.proc_name, j.hypertable_name, coalesce(s.total_failures, 0) "
        "FROM timescaledb_information.jobs j LEFT JOIN timescaledb_information.job_stats s "
        "USING (job_id) WHERE j.hypertable_schema = current_schema() ORDER BY 1, 2"
    )
    return [
        f"{name} on {table}, failed {failures} times"
        for name, table, failures in connection.execute(text(sql))
    ]
