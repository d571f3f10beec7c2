"""Archives of a home: listed and opened, a damaged one among them or not."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.archive.files import MANIFEST, ArchiveDamaged, TopicsManifest, write_manifest
from stack.commands.archive import run_archive
from stack.commands.archives import open_archive
from stack.errors import StackError
from stack.home import Home
from tests.archives import DAY, record, run_of, spec_of, write_archive


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    for name in ("bad", "good"):
        archive = home.archive / name
        write_archive(archive, [record("t", 0, 0, 0)], run_of(archive, spec=spec_of(run_id=name)))
    return home


def garbage_for_a_run(archive: Path) -> None:
    (archive / "run.json").write_bytes(b'{"spec": "\xff"}')


def a_directory_for_a_run(archive: Path) -> None:
    (archive / "run.json").unlink()
    (archive / "run.json").mkdir()


def garbage_for_a_manifest(archive: Path) -> None:
    (archive / "topics" / MANIFEST).write_bytes(b'{"x": ' + b"[" * 5_000)


def a_directory_for_a_manifest(archive: Path) -> None:
    (archive / "topics" / MANIFEST).unlink()
    (archive / "topics" / MANIFEST).mkdir()


DAMAGES = [
    garbage_for_a_run, a_directory_for_a_run, garbage_for_a_manifest, a_directory_for_a_manifest,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_archive_is_listed_as_such_and_the_others_as_ever(
    home: Home, damage: Callable[[Path], None]
) -> None:
    damage(home.archive / "bad")
    bad, good = run_archive(home, "ls", "", None).splitlines()
    assert bad.startswith("bad  damaged: ")
    assert "cannot be read" in bad
    assert bad.endswith("restore it from a copy (`tidewire archive import`).")
    assert good.startswith(f"good  {DAY} .. {DAY}  3 rows  ")
    with pytest.raises(ArchiveDamaged, match="cannot be read"):
        run_archive(home, "verify", "bad", None)


def test_an_archive_without_a_finished_day_is_no_damaged_one(home: Home) -> None:
    write_manifest(home.archive / "bad" / "topics", TopicsManifest(run_id="bad"))
    shutil.rmtree(home.archive / "good" / "topics")
    assert run_archive(home, "ls", "", None).splitlines() == [
        "bad  no finished day yet", "good  no finished day yet",
    ]  # fmt: skip
    with pytest.raises(ArchiveDamaged, match="holds no finished day: name a run of which"):
        run_archive(home, "ls", "bad", None)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_command_means_an_archive_that_can_be_used(
    home: Home, damage: Callable[[Path], None]
) -> None:
    damage(home.archive / "bad")
    assert open_archive(str(home.path), "", DAY).path.name == "good"
    with pytest.raises(ArchiveDamaged, match="cannot be read"):
        open_archive(str(home.path), "bad", DAY)
    with pytest.raises(StackError, match="holds no archive of a run with the day 2025-03-20"):
        open_archive(str(home.path), "", "2025-03-20")
