"""A run's schema: made, brought to the program's version, or refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from connectors.storage import partitions, timescale
from messages.errors import TidewireError

MIGRATIONS: Final = Path(__file__).parent / "migrations"
CONNECT_TIMEOUT_S: Final = 10


class DatabaseUnavailable(TidewireError, RuntimeError):
    """The database does not answer. Operator action: start it, or correct the URL."""


class SchemaTooNew(TidewireError, RuntimeError):
    """The schema was made by a newer program. Operator action: upgrade Tidewire."""


@contextmanager
def _reachable(url: str) -> Iterator[Engine]:
    engine = engine_for(url)
    try:
        yield engine
    except OperationalError as error:
        where = engine.url.render_as_string(hide_password=True)
        reason = f"PostgreSQL does not answer at {where}: {str(error.orig).strip()[:200]}"
        raise DatabaseUnavailable(reason) from error
    finally:
        engine.dispose()


def engine_for(url: str) -> Engine:
    """Return an engine for a PostgreSQL URL; psycopg 3, no pool, ten seconds to connect."""
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        poolclass=NullPool,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
    )


@dataclass(frozen=True, slots=True)
class SchemaState:
    """What a schema is like.

    Attributes:
        version: of its tables; None when it was never migrated.
        newest: version of this program.
        path: `TimescaleDB hypertables` or `native partitions`.
        partitions: table -> its native partitions, oldest first.
    """

    version: str | None
    newest: str
    path: str
    partitions: dict[str, list[str]]


def upgrade(url: str, schema: str, retention_days: int = 0) -> str:
    """Make the schema if needed and migrate it to the newest version; returns that version.

    On the plain path partitions are made for this month and the next two, and those that end
    before the retention are let go; on the TimescaleDB path policies do that. 0 keeps for ever.

    Raises:
        DatabaseUnavailable: no connection.
        SchemaTooNew: its version is not one of this program's.
    """
    with _reachable(url) as engine:
        with engine.begin() as connection:
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
            config = configure(connection, schema)
            scripts = ScriptDirectory.from_config(config)
            known = {s.revision for s in scripts.walk_revisions()}
            present = current_version(connection)
            if present is not None and present not in known:
                reason = (
                    f"schema {schema} is at version {present}, this program knows up to "
                    f"{scripts.get_current_head()}: upgrade Tidewire or use another schema."
                )
                raise SchemaTooNew(reason)
            command.upgrade(config, "head")
            _maintain(connection, retention_days)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            configure(connection, schema)
            timescale.finish(connection, retention_days)
        return str(scripts.get_current_head())


def describe(url: str, schema: str) -> SchemaState:
    """Return a schema's version, path and partitions.

    Raises:
        DatabaseUnavailable: no connection.
    """
    with _reachable(url) as engine, engine.connect() as connection:
        config = configure(connection, schema)
        hyper = timescale.is_hypertable(connection, "market_data")
        return SchemaState(
            current_version(connection),
            str(ScriptDirectory.from_config(config).get_current_head()),
            "TimescaleDB hypertables" if hyper else "native partitions",
            {t: partitions.present(connection, t) for t in partitions.PARTITIONED},
        )


def maintain(url: str, schema: str, retention_days: int) -> None:
    """Make partitions ahead and let old ones go; called once a day while a run is up.

    Raises:
        DatabaseUnavailable: no connection; the next day will do.
    """
    with _reachable(url) as engine, engine.begin() as connection:
        configure(connection, schema)
        _maintain(connection, retention_days)


def _maintain(connection: Connection, retention_days: int) -> None:
    if timescale.is_hypertable(connection, "market_data"):
        return
    now = datetime.now(UTC)
    partitions.make_ahead(connection, now)
    if retention_days:
        partitions.let_go(connection, now - timedelta(days=retention_days))


def configure(connection: Connection, schema: str) -> Config:
    """Return Alembic's configuration for one schema on an open connection."""
    connection.execute(text(f'SET search_path TO "{schema}"'))
    # Without this Alembic would compare and create in whatever schema comes first.
    connection.dialect.default_schema_name = schema
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def current_version(connection: Connection) -> str | None:
    """Return the version of the schema that `configure` chose, None when never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def server_version(url: str) -> str:
    """Return the server's version, and TimescaleDB's where the extension is installed."""
    engine = engine_for(url)
    with engine.connect() as connection:
        version = str(connection.execute(text("SHOW server_version")).scalar())
        extension = connection.execute(
            text("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
        ).scalar()
    engine.dispose()
    return f"{version} + TimescaleDB {extension}" if extension else version
