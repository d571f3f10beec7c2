"""An archive as one file: what goes in comes out, checked; nothing half taken in stays."""

import io
import tarfile
from pathlib import Path

import pytest

from connectors.archive.bundle import CannotImport, export, take_in
from connectors.archive.check import verify
from connectors.archive.files import ArchiveDamaged
from tests.archives import DAY, record, write_archive
from tests.forgery import flip_a_byte


@pytest.fixture
def run(tmp_path: Path) -> Path:
    archive = tmp_path / "home" / "run-1"
    write_archive(archive, [record("t", 0, n, n) for n in range(3)])
    (archive / "spool" / "t~2025-03-13~0.spool").write_bytes(b"in the making")
    return archive


def files(directory: Path) -> dict[str, bytes]:
    return {
        str(f.relative_to(directory)): f.read_bytes() for f in directory.rglob("*") if f.is_file()
    }


def bundle_of(file: Path, *names: str) -> Path:
    with tarfile.open(file, "w") as out:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 1
            out.addfile(member, io.BytesIO(b"x"))
    return file


def test_what_was_exported_is_taken_in_byte_for_byte(run: Path, tmp_path: Path) -> None:
    counted = export(run, tmp_path / "run.tar")
    name, again = take_in(tmp_path / "run.tar", tmp_path / "elsewhere")
    assert (name, again) == ("run-1", counted)
    taken = tmp_path / "elsewhere" / "run-1"
    wanted = {n: data for n, data in files(run).items() if not n.startswith("spool")}
    assert files(taken) == wanted, "days in the making stay at home"
    assert verify(taken) == counted
    assert [f.name for f in (tmp_path / "elsewhere").iterdir()] == ["run-1"]


def test_a_damaged_archive_is_not_exported(run: Path, tmp_path: Path) -> None:
    flip_a_byte(run / "topics" / "t" / f"{DAY}.parquet")
    with pytest.raises(ArchiveDamaged):
        export(run, tmp_path / "run.tar")
    assert not (tmp_path / "run.tar").exists()


def test_an_archive_without_its_run_is_not_exported(run: Path, tmp_path: Path) -> None:
    (run / "run.json").unlink()
    with pytest.raises(ArchiveDamaged, match=r"no run\.json"):
        export(run, tmp_path / "run.tar")
    assert not (tmp_path / "run.tar").exists()


def test_a_run_that_is_there_already_is_left_alone(run: Path, tmp_path: Path) -> None:
    export(run, tmp_path / "run.tar")
    before = files(run)
    with pytest.raises(CannotImport, match="is there already: move it away"):
        take_in(tmp_path / "run.tar", run.parent)
    assert files(run) == before
    assert [f.name for f in run.parent.iterdir()] == ["run-1"]


@pytest.mark.parametrize(
    "names",
    [(), ("loose.txt",), ("a/x", "b/x"), (".hidden/x",), ("../outside/x",), ("a/x", "/b/x")],
)
def test_what_is_no_bundle_leaves_nothing_behind(tmp_path: Path, names: tuple[str, ...]) -> None:
    bundle = bundle_of(tmp_path / "bundle.tar", *names)
    with pytest.raises(CannotImport, match="name a file that `archive export` wrote"):
        take_in(bundle, tmp_path / "archive")
    assert list((tmp_path / "archive").iterdir()) == []
    assert not (tmp_path / "outside").exists()


def test_no_tar_file_at_all(tmp_path: Path) -> None:
    (tmp_path / "bundle.tar").write_bytes(b"something else" * 100)
    for name in ("bundle.tar", "missing.tar"):
        with pytest.raises(CannotImport, match="cannot be unpacked"):
            take_in(tmp_path / name, tmp_path / "archive")


def test_a_bundle_changed_on_its_way_is_refused(run: Path, tmp_path: Path) -> None:
    export(run, tmp_path / "run.tar")
    data = (tmp_path / "run.tar").read_bytes()
    at = data.index(b"PAR1") + 30
    (tmp_path / "run.tar").write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    with pytest.raises(ArchiveDamaged, match="SHA-256"):
        take_in(tmp_path / "run.tar", tmp_path / "archive")
    assert list((tmp_path / "archive").iterdir()) == []
