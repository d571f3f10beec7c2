"""A run's schema: made, brought to the program's version, or refused."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

MIGRATIONS: Final = Path(__file__).parent / "migrations"
CONNECT_TIMEOUT_S: Final = 10


class DatabaseUnavailable(RuntimeError):
    """The database does not answer. Operator action: start it, or correct the URL."""


class SchemaTooNew(RuntimeError):
    """The schema was made by a newer program. Operator action: upgrade Tidewire."""


def engine_for(url: str) -> Engine:
    """Return an engine for a PostgreSQL URL; psycopg 3, no pool, ten seconds to connect."""
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        poolclass=NullPool,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
    )


def upgrade(url: str, schema: str) -> str:
    """Make the schema if needed and migrate it to the newest version; returns that version.

    Raises:
        DatabaseUnavailable: no connection.
        SchemaTooNew: its version is not one of this program's.
    """
    engine = engine_for(url)
    try:
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
            return str(scripts.get_current_head())
    except OperationalError as error:
        where = engine.url.render_as_string(hide_password=True)
        reason = f"PostgreSQL does not answer at {where}: {str(error.orig).strip()[:200]}"
        raise DatabaseUnavailable(reason) from error
    finally:
        engine.dispose()


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
