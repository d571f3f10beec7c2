"""`tidewire db upgrade | status | seed | backup | restore`: a schema, wherever the database is."""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from connectors.files import put_in_place
from connectors.settings import Settings, load_settings
from connectors.storage.queries import Reader
from connectors.storage.schema import describe, server_version, upgrade
from connectors.storage.sink import seed
from stack.commands.options import home_of
from stack.errors import CannotStart, MissingTool, StackError
from stack.home import Home
from stack.runtime.live import running
from stack.servers.database import EmbeddedDatabase, find_binaries

SCHEMA_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("action", choices=("upgrade", "status", "seed", "backup", "restore"))
    parser.add_argument("file", nargs="?", type=Path, help="of a backup")
    parser.add_argument("--schema", default="run_live", help="of a run (default: run_live)")


def run(options: argparse.Namespace) -> int:
    """Run one action on a schema.

    Raises:
        StackError: no such schema, no file named, or pg_dump or pg_restore failed.
    """
    settings = load_settings()
    done = run_db(home_of(options), settings, options.action, options.schema, options.file)
    sys.stdout.write(done + "\n")
    return 0


@contextmanager
def database_of(home: Home, settings: Settings) -> Iterator[str]:
    """Give the URL of the database: the settings', the running stack's, or one started for now."""
    url = settings.database_url.get_secret_value()
    there = running(home)
    if url or there:
        yield url or str((there or {})["database_url"])
        return
    with home.locked():
        database = EmbeddedDatabase(home)
        database.start()
        try:
            yield database.url
        finally:
            database.stop()


def run_db(home: Home, settings: Settings, action: str, schema: str, file: Path | None) -> str:
    """Run one action on a schema and return what to print.

    Raises:
        StackError: no such schema, no file named, or pg_dump or pg_restore failed.
    """
    if not SCHEMA_NAME.fullmatch(schema):
        reason = f"--schema {schema}: use lower-case letters, digits and underscores."
        raise StackError(reason)
    with database_of(home, settings) as url:
        if action == "upgrade":
            version = upgrade(url, schema, settings.retention_days)
            return f"schema {schema} is at version {version}"
        if action == "restore":
            return _restore(url, schema, _named(file, action))
        if describe(url, schema).version is None:
            reason = f"There is no schema {schema}{_others(url)}: `tidewire db upgrade` makes it."
            raise StackError(reason)
        if action == "seed":
            seed(url, schema)
            return f"schema {schema} has its default strategies at equal weights"
        if action == "backup":
            return _backup(url, schema, _named(file, action))
        return _status(url, schema)


def _status(url: str, schema: str) -> str:
    state = describe(url, schema)
    reader = Reader(url, schema)
    counts = reader.counts()
    reader.close()
    lines = [
        f"PostgreSQL {server_version(url)}",
        f"schema {schema} at version {state.version} (this program: {state.newest}), {state.path}",
    ]
    for table, names in state.partitions.items():
        if names:
            months = f"{names[0].rsplit('_p', 1)[1]} .. {names[-1].rsplit('_p', 1)[1]}"
            lines.append(f"partitions of {table}: {len(names)} ({months})")
    lines += [f"{name:<26}{count:>12,}" for name, count in counts.items()]
    return "\n".join(lines)


def _others(url: str) -> str:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT table_schema FROM information_schema.tables "
            "WHERE table_name = 'alembic_version' ORDER BY 1 DESC LIMIT 5"
        ).fetchall()
    return f" (there are {', '.join(r[0] for r in rows)})" if rows else ""


def _backup(url: str, schema: str, file: Path) -> str:
    draft = file.with_name(f".{file.name}.draft")
    _postgres_tool(url, "pg_dump", "-Fc", "-n", schema, "--no-owner", "-f", str(draft))
    put_in_place(draft, file)
    return f"schema {schema} is in {file} ({file.stat().st_size:,} bytes)"


def _restore(url: str, schema: str, file: Path) -> str:
    """Bring a schema back as the backup has it; refuses to touch one that is there."""
    if not file.is_file():
        reason = f"{file} is no file: name one that `tidewire db backup` wrote."
        raise StackError(reason)
    if describe(url, schema).version is not None:
        reason = (
            f"Schema {schema} is there: rename or drop it first; a backup is only put where "
            "nothing is."
        )
        raise StackError(reason)
    _postgres_tool(
        url, "pg_restore", "-n", schema, "--no-owner", "--exit-on-error", "--single-transaction",
        "-d", "", str(file), schema=schema,
    )  # fmt: skip
    return f"schema {schema} is as {file} has it, at version {describe(url, schema).version}"


def _postgres_tool(url: str, tool: str, *arguments: str, schema: str = "") -> None:
    """Run a client tool; the password goes through the environment, never the command line."""
    program = find_binaries() / tool
    if not program.exists():
        reason = f"There is no {tool} beside initdb: install PostgreSQL's client programs."
        raise MissingTool(reason)
    found = psycopg.conninfo.conninfo_to_dict(url)
    env = {
        "PATH": os.environ.get("PATH", ""), "PGHOST": str(found.get("host", "")),
        "PGPORT": str(found.get("port", 5432)), "PGUSER": str(found.get("user", "")),
        "PGPASSWORD": str(found.get("password", "")), "PGDATABASE": str(found.get("dbname", "")),
    }  # fmt: skip
    if schema:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'.encode())
    filled = [str(found.get("dbname", "")) if a == "" else a for a in arguments]
    done = subprocess.run(
        [str(program), *filled], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = f"{tool} failed: {done.stderr.strip()[-300:]} Nothing was changed by it."
        raise CannotStart(reason)


def _named(file: Path | None, action: str) -> Path:
    if file is None:
        reason = f"tidewire db {action} needs a file: name it at the end."
        raise StackError(reason)
    return file.resolve()
