"""`tidewire db upgrade | status | seed | backup | restore`: a schema, wherever the database is."""

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from connectors.settings import Settings, load_settings
from connectors.storage.backup import back_up, back_up_people, restore, restore_people
from connectors.storage.queries import Reader
from connectors.storage.schema import describe, server_version, upgrade
from connectors.storage.sink import seed, table_names
from stack.commands.options import home_of
from stack.commands.table import text_table
from stack.errors import StackError
from stack.home import Home
from stack.runtime.presence import running
from stack.servers.database import EmbeddedDatabase

SCHEMA_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("action", choices=("upgrade", "status", "seed", "backup", "restore"))
    parser.add_argument("file", nargs="?", type=Path, help="of a backup")
    parser.add_argument("--schema", default="run_live", help="of a run (default: run_live)")
    parser.add_argument("--people", action="store_true",
                        help="back up or restore people instead of a run")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Run one action on a schema.

    Raises:
        StackError: no such schema, or no file named.
        BackupUnusable: a backup is damaged, or not what its manifest says.
    """
    settings = load_settings()
    if options.people:
        done = run_people(home_of(options), settings, options.action, options.file)
    else:
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
        StackError: no such schema, or no file named.
        BackupUnusable: a backup is damaged, or not what its manifest says.
    """
    if not SCHEMA_NAME.fullmatch(schema):
        reason = f"--schema {schema}: use lower-case letters, digits and underscores."
        raise StackError(reason)
    with database_of(home, settings) as url:
        if action == "upgrade":
            version = upgrade(url, schema, settings.retention_days)
            return f"schema {schema} is at version {version}"
        if action == "restore":
            return _restore(url, schema, _named(file, action), settings.retention_days)
        if describe(url, schema).version is None:
            reason = f"There is no schema {schema}{_others(url)}: `tidewire db upgrade` makes it."
            raise StackError(reason)
        if action == "seed":
            seed(url, schema)
            return f"schema {schema} has its default strategies at equal weights"
        if action == "backup":
            return _backup(url, schema, _named(file, action))
        return _status(url, schema)


def run_people(home: Home, settings: Settings, action: str, file: Path | None) -> str:
    """Back people up, or restore them, and return what to print.

    Raises:
        StackError: another action, or no file named.
        BackupUnusable: the file is no backup of people, or there are people already.
    """
    if action not in ("backup", "restore"):
        reason = f"tidewire db {action} knows no --people: use it with backup or restore."
        raise StackError(reason)
    target = _named(file, action)
    with database_of(home, settings) as url:
        if action == "backup":
            rows = back_up_people(url, target).tables["users"].rows
            return f"{rows:,} people are in {target}; who was logged in is not"
        rows = restore_people(url, target).tables["users"].rows
    return f"{rows:,} people are back; each must log in again"


def _status(url: str, schema: str) -> str:
    state = describe(url, schema)
    reader = Reader(url, schema)
    written, cared, levels = reader.written(), reader.cared(), reader.rollups()
    reader.close()
    lines = [
        f"PostgreSQL {server_version(url)}",
        f"schema {schema} at version {state.version} (this program: {state.newest}), {state.path}",
    ]
    for table, names in state.partitions.items():
        if names:
            months = f"{names[0].rsplit('_p', 1)[1]} .. {names[-1].rsplit('_p', 1)[1]}"
            lines.append(f"partitions of {table}: {len(names)} ({months})")
    for table, (chunks, compressed) in state.chunks.items():
        lines.append(f"chunks of {table}: {chunks}, {compressed} of them compressed")
    kept = f"{cared.retention_days} days" if cared.retention_days else "for ever"
    when = "never" if cared.done_at is None else f"{cared.done_at:%F %T} UTC"
    lines.append(f"care: last {when}; bars, snapshots and metrics are kept {kept}")
    lines += [f"background jobs of the schema: {job}" for job in state.jobs]
    lines += [
        f"rollup {name}: from {first:%F} to {last:%F}" if first else f"rollup {name}: empty"
        for name, (first, last) in levels.items()
    ]
    lines.append(f"ticker hours that the next refresh sums: {cared.due:,}")
    rows = [(name, f"{written[name]:,}") for name in table_names()]
    return "\n".join([*lines, text_table(("table", ">rows written"), rows)])


def _others(url: str) -> str:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT table_schema FROM information_schema.tables "
            "WHERE table_name = 'alembic_version' ORDER BY 1 DESC LIMIT 5"
        ).fetchall()
    return f" (there are {', '.join(r[0] for r in rows)})" if rows else ""


def _backup(url: str, schema: str, file: Path) -> str:
    manifest = back_up(url, schema, file)
    rows = sum(part.rows for part in manifest.tables.values())
    return (
        f"schema {schema} is in {file}: {len(manifest.tables)} tables, {rows:,} rows, "
        f"{file.stat().st_size:,} bytes"
    )


def _restore(url: str, schema: str, file: Path, retention_days: int) -> str:
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
    manifest = restore(url, schema, file, retention_days)
    rows = sum(part.rows for part in manifest.tables.values())
    return (
        f"schema {schema} is as {file} has it: {len(manifest.tables)} tables, {rows:,} rows, at "
        f"version {describe(url, schema).version}"
    )


def _named(file: Path | None, action: str) -> Path:
    if file is None:
        reason = f"tidewire db {action} needs a file: name it at the end."
        raise StackError(reason)
    return file.resolve()
