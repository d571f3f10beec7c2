"""A backup is whole or refused, and a restore is what the backup says, row for row."""

import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.storage.access import KEPT, SCHEMA
from connectors.storage.backup import (
    MANIFEST,
    BackupUnusable,
    Manifest,
    back_up,
    back_up_people,
    restore,
    restore_people,
)
from connectors.storage.people_migrations.tables_v1 import NAMES
from connectors.storage.schema import (
    SchemaMissing,
    SchemaTooNew,
    describe,
    maintain,
    upgrade,
    upgrade_people,
)
from stack.servers.services import Services
from tests.storing import buckets, history, minutes, rows, store

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def filled(services: Services) -> str:
    """A schema with some of everything, and old bars that are compressed where they can be."""
    name = f"test_{uuid.uuid4().hex[:8]}"
    upgrade(services.database_url, name)
    store(services, name, history(), minutes("2019-11-02T00:00+00:00", 2_000, "OLD", step=7))
    maintain(services.database_url, name, 0)
    return name


@pytest.fixture(scope="module")
def backup(services: Services, filled: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("backup") / "run.backup"
    back_up(services.database_url, filled, file)
    return file


def fresh() -> str:
    return f"test_{uuid.uuid4().hex[:8]}"


def again(services: Services, schema: str, file: Path) -> Manifest:
    """Return the manifest of a new backup of a schema."""
    return back_up(services.database_url, schema, file)


def test_what_comes_back_is_what_went_in(
    services: Services, filled: str, backup: Path, tmp_path: Path
) -> None:
    name = fresh()
    manifest = restore(services.database_url, name, backup)
    assert manifest.tables["market_data"].rows == 11 + 286
    assert manifest.tables["portfolio_snapshots"].rows > 0
    assert again(services, name, tmp_path / "again").tables == manifest.tables
    for level in ("market_data_5m", "market_data_1h", "market_data_1d"):
        assert buckets(services, name, level) == buckets(services, filled, level)
    assert describe(services.database_url, name).version == manifest.version
    store(services, name, history(), minutes("2019-11-05T00:00+00:00", 60, "OLD"))
    assert rows(services, name, "SELECT count(*) FROM market_data") == [(11 + 286 + 60,)]


@pytest.fixture
def people(services: Services) -> Iterator[psycopg.Connection]:
    """A connection to the people's schema, empty before and after."""
    upgrade_people(services.database_url)
    with psycopg.connect(
        services.database_url, autocommit=True, options=f"-c search_path={SCHEMA}"
    ) as connection:
        empty = "TRUNCATE users, audit_log, invitations RESTART IDENTITY CASCADE"
        connection.execute(empty)
        yield connection
        connection.execute(empty)


def count(people: psycopg.Connection, table: str) -> int:
    row = people.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    return int((row or (0,))[0])


def test_people_have_a_backup_of_their_own_that_logs_nobody_in(
    services: Services, people: psycopg.Connection, backup: Path, tmp_path: Path
) -> None:
    people.execute("INSERT INTO users VALUES ('u1', 'ada', 'Ada', 'admin', true)")
    people.execute(
        "INSERT INTO user_credentials VALUES ('c1', 'u1', 'x', 'key', 3, '{}', '', false, '', NULL)"
    )
    people.execute(
        "INSERT INTO refresh_tokens VALUES ('t1', 'u1', 'f', 'hash', now(), now(), NULL, now())"
    )
    for _ in range(3):
        people.execute(
            "INSERT INTO audit_log (at, user_id, action, target, outcome, address, details) "
            "VALUES (now(), 'u1', 'login', '', 'ok', '127.0.0.1', '{}')"
        )
    file = tmp_path / "people"
    back_up_people(services.database_url, file)
    with zipfile.ZipFile(file) as bundle:
        assert {Path(n).stem for n in bundle.namelist()} == {*KEPT, "manifest"}
    with pytest.raises(BackupUnusable, match="There are people already"):
        restore_people(services.database_url, file)
    people.execute("TRUNCATE users, audit_log RESTART IDENTITY CASCADE")
    with pytest.raises(BackupUnusable, match="no backup of people"):
        restore_people(services.database_url, backup)
    restore_people(services.database_url, file)
    assert [count(people, t) for t in ("users", "user_credentials", "audit_log")] == [1, 1, 3]
    assert count(people, "refresh_tokens") == 0
    people.execute(
        "INSERT INTO audit_log (at, user_id, action, target, outcome, address, details) "
        "VALUES (now(), 'u1', 'login', '', 'ok', '127.0.0.1', '{}')"
    )
    assert people.execute("SELECT max(id) FROM audit_log").fetchone() == (4,)


def test_a_run_s_backup_never_holds_people(backup: Path) -> None:
    with zipfile.ZipFile(backup) as bundle:
        held = {Path(name).stem for name in bundle.namelist()}
    assert not held & set(NAMES)


def test_people_of_an_earlier_version_move(services: Services, people: psycopg.Connection) -> None:
    name = fresh()
    upgrade(services.database_url, name, revision="0005")
    people.execute(f"INSERT INTO {name}.users VALUES ('u7', 'bob', 'Bob', 'viewer', true)".encode())
    upgrade(services.database_url, name)
    assert people.execute("SELECT name FROM users").fetchall() == [("bob",)]
    here = "SELECT to_regclass(%s)"
    assert people.execute(here, (f"{name}.users",)).fetchone() == (None,)


def edited(backup: Path, target: Path, edit: Callable[[dict[str, bytes]], None]) -> Path:
    """Write a backup with some of its files changed."""
    with zipfile.ZipFile(backup) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    edit(files)
    with zipfile.ZipFile(target, "w") as bundle:
        for name, data in files.items():
            bundle.writestr(name, data)
    return target


def manifest_with(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    def edit(files: dict[str, bytes]) -> None:
        files[MANIFEST] = json.dumps({**json.loads(files[MANIFEST]), **changes}).encode()

    return edit


def one_bar_less(files: dict[str, bytes]) -> None:
    files["data/market_data.copy"] = files["data/market_data.copy"].split(b"\n", 1)[1]


def another_price(files: dict[str, bytes]) -> None:
    files["data/trades.copy"] = files["data/trades.copy"].replace(b"paper", b"other")


def no_trades(files: dict[str, bytes]) -> None:
    del files["data/trades.copy"]


def no_numbers(files: dict[str, bytes]) -> None:
    files["data/trades.copy"] = files["data/trades.copy"].replace(b"100.", b"many.")


def no_manifest(files: dict[str, bytes]) -> None:
    del files[MANIFEST]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (one_bar_less, "market_data has 296 rows.*its manifest says 297 rows"),
        (another_price, "trades has"),
        (no_trades, "trades cannot be loaded"),
        (no_numbers, "trades cannot be loaded"),
        (no_manifest, "no readable manifest"),
        (manifest_with(format=2), "has format 2"),
        (manifest_with(surprise=1), "no readable manifest"),
        (manifest_with(tables={}), "other tables than version"),
    ],
)
def test_what_is_not_whole_is_refused_and_leaves_nothing(
    services: Services, backup: Path, tmp_path: Path,
    edit: Callable[[dict[str, bytes]], None], words: str,
) -> None:  # fmt: skip
    name = fresh()
    with pytest.raises(BackupUnusable, match=words):
        restore(services.database_url, name, edited(backup, tmp_path / "edited", edit))
    assert describe(services.database_url, name).version is None


def test_a_newer_program_s_backup_is_refused(
    services: Services, backup: Path, tmp_path: Path
) -> None:
    newer = edited(backup, tmp_path / "newer", manifest_with(version="9999"))
    with pytest.raises(SchemaTooNew, match="9999"):
        restore(services.database_url, fresh(), newer)


@pytest.mark.parametrize("data", [b"", b"PGDMP of old", b"PK\x03\x04 cut off"])
def test_a_file_that_is_no_backup(services: Services, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(BackupUnusable, match="is no backup of this program"):
        restore(services.database_url, fresh(), tmp_path / "file")


def test_a_schema_that_is_not_there_leaves_no_file(services: Services, tmp_path: Path) -> None:
    with pytest.raises(SchemaMissing):
        back_up(services.database_url, fresh(), tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_it_needs_no_superuser(services: Services, filled: str, tmp_path: Path) -> None:
    """An owner without any privilege backs up and restores what is theirs."""
    role = f"owner_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'plain'".encode())
        connection.execute(f"GRANT CREATE ON DATABASE postgres TO {role}".encode())
        connection.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {role}".encode())
    info = psycopg.conninfo.conninfo_to_dict(services.database_url)
    url = f"postgresql://{role}:plain@127.0.0.1:{info['port']}/postgres"
    first, second = fresh(), fresh()
    upgrade(url, first)
    store_as(url, first)
    manifest = back_up(url, first, tmp_path / "file")
    restore(url, second, tmp_path / "file")
    assert back_up(url, second, tmp_path / "again").tables == manifest.tables
    assert manifest.tables["market_data"].rows == 11


def store_as(url: str, schema: str) -> None:
    from connectors.storage.sink import DatabasePartition
    from operators.blocks import Block
    from tests.streams import END

    part = DatabasePartition(url, schema, lambda: False)
    part.write_batch([Block(history(), END)])
    part.snapshot()
    part.close()
