"""A backup of one run's schema: one file that is whole or not there, for either database.

A zip of one COPY text per table, in the order of its key, and a manifest with each table's columns,
rows and SHA-256. It needs no superuser and no client program, knows no partitions, chunks or
extensions, and so moves between plain PostgreSQL and TimescaleDB in both directions. People's
tables, which lie elsewhere, have a backup of their own.

A restore makes the schema at the backup's version, loads it, compares every table with the
manifest, and then migrates it to this program's version; if anything differs nothing stays.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg
from psycopg import sql

from connectors.files import put_in_place
from connectors.storage import access
from connectors.storage.connection import connect
from connectors.storage.partitions import PARTITIONED, month_of, statement
from connectors.storage.people_migrations.tables_v1 import NAMES as PEOPLE_NAMES
from connectors.storage.schema import current_state, upgrade, upgrade_people
from connectors.version import VERSION
from messages.errors import UNDECODABLE, TidewireError

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
# What `zipfile` raises for a file in it: not there, cut off, packed or locked in another way.
NOT_UNPACKED: Final = (KeyError, EOFError, RuntimeError, zlib.error)
NOT_LOADED: Final = (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError)
LARGEST_MANIFEST: Final = 16_000_000
CHUNK: Final = 1 << 20
PEOPLE_BEFORE: Final = frozenset(PEOPLE_NAMES)  # in a run's schema up to version 0005
NOT_KEPT: Final = frozenset({"alembic_version", "care"})  # they are about the database they are in
FIRST_PEOPLE: Final = "p001"
NEXT_ENTRY: Final = """SELECT setval(pg_get_serial_sequence('audit_log', 'id'),
  (SELECT coalesce(max(id), 0) + 1 FROM audit_log), false)"""
Cursor = psycopg.Cursor[Any]


class BackupUnusable(TidewireError, ValueError):
    """A backup cannot be read, or is not what it says.

    Operator action: see the message; nothing was changed.
    """


class TableCopy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of a backup.

    Attributes:
        columns: in the order of the text.
        sha256: of the COPY text, rows in the order of the table's key.
        months: first days of the months in it, where it is kept by time.
    """

    columns: list[str]
    rows: int
    sha256: str
    months: list[datetime]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup holds.

    Attributes:
        version: of the schema's tables.
        program: that wrote it.
        path: of the database it came from, for people.
    """

    format: int
    schema: str
    version: str
    program: str
    path: str
    taken_at: datetime
    tables: dict[str, TableCopy]


def back_up(url: str, schema: str, target: Path) -> Manifest:
    """Write a run's schema to a file, as of one moment; returns what it holds.

    Raises:
        DatabaseUnavailable: no connection.
        psycopg.Error: a table cannot be read; nothing is left behind.
    """
    return _write(url, schema, *current_state(url, schema), tables_of, target)


def back_up_people(url: str, target: Path) -> Manifest:
    """Write the people's schema to a file: users, their keys, and the log of what they did.

    Raises:
        DatabaseUnavailable: no connection.
    """
    upgrade_people(url)
    return _write(url, access.SCHEMA, FIRST_PEOPLE, "people", lambda _c: list(access.KEPT), target)


def _write(
    url: str, schema: str, version: str, path: str, tables_in: Callable[[Cursor], list[str]],
    target: Path,
) -> Manifest:  # fmt: skip
    draft = target.with_name(f".{target.name}.draft")
    try:
        with (
            connect(url, schema) as connection,
            zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle,
        ):
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            tables = {}
            with connection.cursor() as cursor:
                for table in tables_in(cursor):
                    with bundle.open(_name(table), "w", force_zip64=True) as out:
                        tables[table] = _copy_out(cursor, table, out.write)
            manifest = Manifest(FORMAT, schema, version, VERSION, path, datetime.now(UTC), tables)
            bundle.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        put_in_place(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def restore(url: str, schema: str, source: Path, retention_days: int = 0) -> Manifest:
    """Bring a schema back as a backup has it; assumes that there is none of its name.

    Raises:
        BackupUnusable: the file is none of ours, damaged, or a table is not what it says.
        DatabaseUnavailable: no connection.
        SchemaTooNew: the backup is of a newer program.
    """
    try:
        with zipfile.ZipFile(source) as bundle:
            manifest = _manifest(bundle, source)
            upgrade(url, schema, revision=manifest.version)
            try:
                _load(url, schema, bundle, manifest, source)
            except BaseException:
                with connect(url, schema) as connection:
                    connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(
                        sql.Identifier(schema)))  # fmt: skip
                raise
    except (zipfile.BadZipFile, OSError) as error:
        raise _no_backup(source, error) from error
    upgrade(url, schema, retention_days)
    return manifest


def restore_people(url: str, source: Path) -> Manifest:
    """Bring people back where there are none yet; nobody is logged in afterwards.

    Raises:
        BackupUnusable: the file is no backup of people, damaged, or there are people already.
        DatabaseUnavailable: no connection.
    """
    upgrade_people(url)
    try:
        with zipfile.ZipFile(source) as bundle:
            manifest = _manifest(bundle, source)
            if set(manifest.tables) != set(access.KEPT) or manifest.version != FIRST_PEOPLE:
                reason = f"{source} is no backup of people: name one of `db backup --people`."
                raise BackupUnusable(reason)
            with connect(url, access.SCHEMA) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT EXISTS (SELECT FROM users)")
                if (cursor.fetchone() or (True,))[0]:
                    reason = "There are people already: a backup is only put where nobody is."
                    raise BackupUnusable(reason)
                for table in access.KEPT:
                    _copy_in(cursor, table, manifest.tables[table], bundle)
                _compare(cursor, manifest, source)
                cursor.execute(NEXT_ENTRY)
    except (zipfile.BadZipFile, OSError) as error:
        raise _no_backup(source, error) from error
    return manifest


def tables_of(cursor: Cursor) -> list[str]:
    """Return the tables of the present schema that a backup holds, by name."""
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
        "AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname"
    )
    return [n for (n,) in cursor.fetchall() if n not in PEOPLE_BEFORE | NOT_KEPT]


def _manifest(bundle: zipfile.ZipFile, source: Path) -> Manifest:
    try:
        if bundle.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
            reason = f"{source} has a manifest that is too large: it is none of `db backup`."
            raise BackupUnusable(reason)
        manifest = msgspec.json.decode(bundle.read(MANIFEST), type=Manifest)
    except (*NOT_UNPACKED, *UNDECODABLE) as error:
        reason = f"{source} has no readable manifest ({error}): name a file of `db backup`."
        raise BackupUnusable(reason) from error
    if manifest.format != FORMAT:
        reason = f"{source} has format {manifest.format}, this program reads {FORMAT}: upgrade it."
        raise BackupUnusable(reason)
    return manifest


def _load(url: str, schema: str, bundle: zipfile.ZipFile, manifest: Manifest, source: Path) -> None:
    with connect(url, schema) as connection, connection.cursor() as cursor:
        here = tables_of(cursor)
        if set(here) != set(manifest.tables):
            odd = ", ".join(sorted(set(here) ^ set(manifest.tables)))
            reason = f"{source} has other tables than version {manifest.version} ({odd})."
            raise BackupUnusable(reason)
        for table, part in manifest.tables.items():
            _copy_in(cursor, table, part, bundle)
        _compare(cursor, manifest, source)


def _compare(cursor: Cursor, manifest: Manifest, source: Path) -> None:
    for table, part in manifest.tables.items():
        found = _copy_out(cursor, table, lambda _data: None)
        if found != part:
            reason = (
                f"{source}: {table} has {found.rows:,} rows, SHA-256 {found.sha256[:16]}; "
                f"its manifest says {part.rows:,} rows, {part.sha256[:16]}: take another one."
            )
            raise BackupUnusable(reason)


def _no_backup(source: Path, error: Exception) -> BackupUnusable:
    reason = f"{source} is no backup of this program ({error}): name one of `db backup`."
    return BackupUnusable(reason)


def _copy_in(cursor: Cursor, table: str, part: TableCopy, bundle: zipfile.ZipFile) -> None:
    cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = to_regclass(%s))",
        (table,),
    )
    if (cursor.fetchone() or (False,))[0]:
        for month in part.months:
            cursor.execute(statement(table, month_of(month)).encode())
    cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    columns = sql.SQL(", ").join(map(sql.Identifier, part.columns))
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
    try:
        with bundle.open(_name(table)) as rows, cursor.copy(copy) as into:
            while data := rows.read(CHUNK):
                into.write(data)
    except (*NOT_UNPACKED, *NOT_LOADED) as error:
        said = [*str(error).splitlines(), type(error).__name__][0]
        reason = f"The backup's {table} cannot be loaded ({said}): take another one."
        raise BackupUnusable(reason) from error


def _copy_out(cursor: Cursor, table: str, write: Any) -> TableCopy:
    """Pass on a table's rows, in the order of its key; returns what they are."""
    cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 "
        "AND NOT attisdropped ORDER BY attnum",
        (table,),
    )
    columns = [name for (name,) in cursor.fetchall()]
    cursor.execute(
        "SELECT a.attname FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY k (n, place) "
        "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n "
        "WHERE i.indrelid = to_regclass(%s) AND i.indisprimary ORDER BY k.place",
        (table,),
    )
    key = [name for (name,) in cursor.fetchall()] or columns
    months: list[datetime] = []
    if table in PARTITIONED:
        cursor.execute(
            sql.SQL("SELECT DISTINCT date_trunc('month', {}, 'UTC') FROM {} ORDER BY 1").format(
                sql.Identifier(PARTITIONED[table]), sql.Identifier(table)
            )
        )
        months = [month for (month,) in cursor.fetchall()]
    # Text is compared byte by byte, whatever the database's collation is.
    cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attcollation <> 0",
        (table,),
    )
    texts = {name for (name,) in cursor.fetchall()}
    order = [
        sql.SQL('{} COLLATE "C"').format(sql.Identifier(c)) if c in texts else sql.Identifier(c)
        for c in key
    ]
    copy = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table),
        sql.SQL(", ").join(order),
    )  # fmt: skip
    digest, rows = hashlib.sha256(), 0
    with cursor.copy(copy) as out:
        for data in out:
            row = bytes(data)
            digest.update(row)
            rows += row.count(b"\n")
            write(row)
    return TableCopy(columns, rows, digest.hexdigest(), months)


def _name(table: str) -> str:
    return f"data/{table}.copy"
