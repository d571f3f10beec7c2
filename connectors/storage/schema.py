"""A run's schema: made, brought to the program's version, or refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
from connectors.storage.access import SCHEMA as PEOPLE
from connectors.storage.care import care
from connectors.storage.connection import DatabaseUnavailable
from messages.errors import TidewireError

MIGRATIONS: Final = Path(__file__).parent / "migrations"
PEOPLE_MIGRATIONS: Final = Path(__file__).parent / "people_migrations"
# Of installations that share a database, one after the other.
ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended('tidewire people', 0))"
CONNECT_TIMEOUT_S: Final = 10
NEWEST: Final = "head"


class SchemaMissing(TidewireError, RuntimeError):
    """There is no schema of that name. Operator action: name another, or make it."""


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
        chunks: table -> chunks of its hypertable, and how many of them are compressed.
        jobs: background jobs of its hypertables, with how often they failed; ours have none.
    """

    version: str | None
    newest: str
    path: str
    partitions: dict[str, list[str]]
    chunks: dict[str, tuple[int, int]]
    jobs: list[str]


def upgrade(url: str, schema: str, retention_days: int = 0, revision: str = NEWEST) -> str:
    """Make the schema if needed and migrate it to a version; returns that version.

    At the newest version the daily care is done too (see `storage.care`).

    Args:
        url: of the database.
        schema: of the run.
        retention_days: of what is kept by time; 0 keeps for ever.
        revision: version to go to; by default the newest.

    Raises:
        DatabaseUnavailable: no connection.
        SchemaTooNew: its version is not one of this program's.
    """
    upgrade_people(url)
    with _reachable(url) as engine, engine.begin() as connection:
        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        config = configure(connection, schema)
        scripts = ScriptDirectory.from_config(config)
        known = {s.revision for s in scripts.walk_revisions()}
        present = current_version(connection)
        for asked in (present, revision):
            if asked not in {None, NEWEST} | known:
                reason = (
                    f"schema {schema} is at version {asked}, this program knows up to "
                    f"{scripts.get_current_head()}: upgrade Tidewire or use another schema."
                )
                raise SchemaTooNew(reason)
        command.upgrade(config, revision)
        version = str(current_version(connection))
    if revision == NEWEST:
        maintain(url, schema, retention_days)
    return version


def upgrade_people(url: str) -> bool:
    """Make or migrate the people's schema, which all runs share; tells whether it is ours.

    A database that another role's installation uses too keeps that role's people to itself.

    Raises:
        DatabaseUnavailable: no connection.
    """
    with _reachable(url) as engine, engine.begin() as connection:
        connection.execute(text(ONE_AT_A_TIME))
        owner = "SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = :s"
        ours = connection.execute(text(owner), {"s": PEOPLE}).scalar()
        if ours is False:
            return False
        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{PEOPLE}"'))
        command.upgrade(configure(connection, PEOPLE, PEOPLE_MIGRATIONS), NEWEST)
    return True


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
            timescale.chunks(connection) if hyper else {},
            timescale.jobs(connection) if hyper else [],
        )


def current_state(url: str, schema: str) -> tuple[str, str]:
    """Return the version and the path of a schema that is there.

    Raises:
        DatabaseUnavailable: no connection.
        SchemaMissing: there is none.
    """
    state = describe(url, schema)
    if state.version is None:
        reason = f"there is no schema {schema}: `tidewire db upgrade` makes it."
        raise SchemaMissing(reason)
    return state.version, state.path


def drop(url: str, schema: str) -> bool:
    """Remove a schema with all that is in it; tells whether there was one.

    Raises:
        DatabaseUnavailable: no connection.
    """
    with _reachable(url) as engine, engine.begin() as connection:
        there = connection.execute(text("SELECT to_regnamespace(:s)"), {"s": schema}).scalar()
        connection.execute(text(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'))
        return there is not None


def maintain(url: str, schema: str, retention_days: int) -> None:
    """Do the daily care; called at each start, and once a day while a run is up.

    Raises:
        DatabaseUnavailable: no connection; the next day will do.
    """

    @contextmanager
    def begin() -> Iterator[Connection]:
        with engine.begin() as connection:
            configure(connection, schema)
            yield connection

    with _reachable(url) as engine:
        care(begin, retention_days)


def configure(connection: Connection, schema: str, scripts: Path = MIGRATIONS) -> Config:
    """Return Alembic's configuration for one schema on an open connection."""
    connection.execute(text(f'SET search_path TO "{schema}"'))
    # Without this Alembic would compare and create in whatever schema comes first.
    connection.dialect.default_schema_name = schema
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def current_version(connection: Connection) -> str | None:
    """Return the version of the schema that `configure` chose, None when never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def server_version(url: str) -> str:
    """Return the server's version, and TimescaleDB's where it is loaded.

    Raises:
        DatabaseUnavailable: no connection.
    """
    with _reachable(url) as engine, engine.connect() as connection:
        version = str(connection.execute(text("SHOW server_version")).scalar())
        extension = timescale.version(connection)
    return f"{version} + TimescaleDB {extension}" if extension else version
