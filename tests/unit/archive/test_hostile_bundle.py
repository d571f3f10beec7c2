"""Bundles that nobody's `archive export` wrote: refused in words for whoever was given them."""

import gzip
import io
import re
import shutil
import tarfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.archive.bundle import CannotImport, export, take_in
from connectors.archive.check import topics_manifest
from connectors.archive.files import (
    FORMAT,
    MANIFEST,
    ArchiveDamaged,
    TopicsManifest,
    write_manifest,
)
from tests.archives import DAY, record, write_archive
from tests.forgery import flip_a_byte


@pytest.fixture
def run(tmp_path: Path) -> Path:
    archive = tmp_path / "home" / "run-1"
    write_archive(archive, [record("t", 0, n, n) for n in range(3)])
    shutil.rmtree(archive / "spool")
    return archive


def bundle_of(run: Path, file: Path) -> Path:
    """Write an archive as it is, unchecked."""
    with tarfile.open(file, "w") as bundle:
        bundle.add(run, run.name)
    return file


def with_member(file: Path, name: str, data: bytes = b"x", **fields: Any) -> Path:
    """Write a bundle whose first member is of somebody's own making."""
    member = tarfile.TarInfo(name)
    member.size = len(data)
    for field, value in fields.items():
        setattr(member, field, value)
    with tarfile.open(file, "w") as bundle:
        bundle.addfile(member, io.BytesIO(data))
    return file


def refused(source: Path, archive: Path, error: type[Exception], words: str) -> str:
    """See that a bundle is refused, and that nothing of it is left; returns what was said."""
    with pytest.raises(error, match=words) as caught:
        take_in(source, archive)
    assert list(archive.iterdir()) == []
    assert ".import-" not in str(caught.value), "a place that is gone"
    return str(caught.value)


@pytest.mark.parametrize("name", [".", "", "./", "run-1/.."])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE])
def test_a_member_without_a_name_is_refused_and_the_next_bundle_is_not(
    run: Path, tmp_path: Path, name: str, kind: bytes
) -> None:
    data = b"" if kind == tarfile.DIRTYPE else b"x"
    bad = with_member(tmp_path / "bundle.tar", name, data, type=kind)
    refused(bad, tmp_path / "archive", CannotImport, "is no plain file within it")
    export(run, bad)
    assert take_in(bad, tmp_path / "archive")[0] == "run-1"


def test_what_an_import_that_was_killed_has_left_is_in_nobody_s_way(
    run: Path, tmp_path: Path
) -> None:
    export(run, tmp_path / "bundle.tar")
    for archive, leave in ((tmp_path / "a", Path.touch), (tmp_path / "b", Path.mkdir)):
        archive.mkdir()
        leave(archive / ".import-bundle.tar")
        take_in(tmp_path / "bundle.tar", archive)
        assert [f.name for f in archive.iterdir()] == ["run-1"]


@pytest.mark.parametrize(
    "fields",
    [
        {"pax_headers": {"GNU.sparse.map": "0,1", "GNU.sparse.realsize": str(1 << 24)}},
        {"pax_headers": {"GNU.sparse.size": str(1 << 24), "GNU.sparse.map": "0,1"}},
        {"type": tarfile.CONTTYPE},
        {"type": tarfile.SYMTYPE, "linkname": "x"},
        {"type": tarfile.LNKTYPE, "linkname": "x"},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.CHRTYPE},
    ],
)
def test_no_kind_of_file_but_the_plain_one_is_taken(tmp_path: Path, fields: dict[str, Any]) -> None:
    bundle = with_member(tmp_path / "bundle.tar", "run-1/run.json", **fields)
    refused(bundle, tmp_path / "archive", CannotImport, "is no plain file within it")


def test_a_place_may_be_named_once(tmp_path: Path) -> None:
    for names in (("run-1/a", "run-1/a"), ("run-1/a", "run-1/a/b"), ("run-1/a/b", "run-1/a")):
        with tarfile.open(tmp_path / "bundle.tar", "w") as bundle:
            for name in names:
                bundle.addfile(tarfile.TarInfo(name))
        refused(
            tmp_path / "bundle.tar", tmp_path / "archive", CannotImport,
            "stands where another file does.*ask for another bundle",
        )  # fmt: skip


def test_a_packed_bundle_is_none(run: Path, tmp_path: Path) -> None:
    """A few kilobytes of it could fill a disk; `archive export` does not pack."""
    export(run, tmp_path / "run.tar")
    packed = tmp_path / "run.tar.gz"
    packed.write_bytes(gzip.compress((tmp_path / "run.tar").read_bytes()))
    refused(packed, tmp_path / "archive", CannotImport, "name a file that `archive export` wrote")


def nul_in_a_name(file: Path) -> None:
    with_member(file, "x", pax_headers={"path": "run-1/a\0b"})


def names_of_names(file: Path) -> None:
    """Each header says that the next one is the name of the one after it."""
    header = tarfile.TarInfo("././@LongLink")
    header.type = tarfile.GNUTYPE_LONGNAME
    file.write_bytes(header.tobuf(tarfile.GNU_FORMAT) * 5_000)


def larger_than_memory(file: Path) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 61
    file.write_bytes(header.tobuf(tarfile.GNU_FORMAT))


def larger_than_numbers(file: Path) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 80
    file.write_bytes(header.tobuf(tarfile.GNU_FORMAT))


@pytest.mark.parametrize(
    "write", [nul_in_a_name, names_of_names, larger_than_memory, larger_than_numbers]
)
def test_headers_that_no_program_writes(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path / "bundle.tar")
    words = "cannot be unpacked .*: ask for another bundle; nothing was taken in"
    refused(tmp_path / "bundle.tar", tmp_path / "archive", ArchiveDamaged, words)


def no_days(run: Path) -> None:
    shutil.rmtree(run / "topics" / "t")
    shutil.rmtree(run / "topics" / "runs.started")
    write_manifest(run / "topics", TopicsManifest(run_id="run-1"))


def no_run(run: Path) -> None:
    (run / "run.json").unlink()


def garbage_for_a_run(run: Path) -> None:
    (run / "run.json").write_bytes(b"garbage \xff")


def a_directory_for_a_run(run: Path) -> None:
    no_run(run)
    (run / "run.json").mkdir()


def garbage_for_a_manifest(run: Path) -> None:
    (run / "topics" / MANIFEST).write_bytes(b'{"x": ' + b"[" * 5_000)


def changed(run: Path) -> None:
    flip_a_byte(run / "topics" / "t" / f"{DAY}.parquet")


def missing(run: Path) -> None:
    (run / "topics" / "t" / f"{DAY}.parquet").unlink()


def one_too_many(run: Path) -> None:
    (run / "topics" / "t" / "2025-03-20.parquet").touch()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (no_days, "run-1 holds no finished day"),
        (no_run, r"run-1 has no run\.json"),
        (garbage_for_a_run, r"run-1/run\.json cannot be read"),
        (a_directory_for_a_run, r"run-1/run\.json cannot be read"),
        (garbage_for_a_manifest, r"run-1/topics/manifest\.json cannot be read"),
        (changed, rf"run-1/topics/t/{DAY}\.parquet: .*its manifest says"),
        (missing, "the file is missing"),
        (one_too_many, "is in no manifest"),
    ],
)
def test_a_damaged_bundle_is_refused_in_words_for_who_was_given_it(
    run: Path, tmp_path: Path, damage: Callable[[Path], None], words: str
) -> None:
    damage(run)
    bundle = bundle_of(run, tmp_path / "bundle.tar")
    said = refused(bundle, tmp_path / "archive", ArchiveDamaged, words)
    assert said.startswith(f"{bundle}: run-1")
    assert said.endswith(": ask for another bundle; nothing was taken in.")
    assert not re.search("restore|copy|move it away|archive ls", said), "no archive of theirs"


def test_a_bundle_of_a_newer_program_needs_that_program(run: Path, tmp_path: Path) -> None:
    manifest = msgspec.structs.replace(topics_manifest(run), format=FORMAT + 1)
    write_manifest(run / "topics", manifest)
    bundle = bundle_of(run, tmp_path / "bundle.tar")
    said = refused(bundle, tmp_path / "archive", ArchiveDamaged, f"has format {FORMAT + 1}")
    assert said.endswith(": upgrade Tidewire.")


def test_a_place_that_cannot_be_written_to_is_not_the_bundle_s_fault(
    run: Path, tmp_path: Path
) -> None:
    export(run, tmp_path / "bundle.tar")
    (tmp_path / "archive").touch()
    with pytest.raises(CannotImport, match="a home that can be written to and has room"):
        take_in(tmp_path / "bundle.tar", tmp_path / "archive")


def test_an_export_that_fails_leaves_nothing_behind(run: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "bundle.tar" / "x").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        export(run, tmp_path / "out" / "bundle.tar")
    assert [f.name for f in (tmp_path / "out").iterdir()] == ["bundle.tar"]


def test_a_place_too_deep_is_refused_and_the_next_bundle_of_that_name_is_not(
    run: Path, tmp_path: Path
) -> None:
    source = with_member(
        tmp_path / "bundle.tar", "run-1/" + "a/" * 1_200, b"", type=tarfile.DIRTYPE
    )
    refused(source, tmp_path / "archive", CannotImport, "is no plain file within it")
    source.unlink()
    assert take_in(bundle_of(run, source), tmp_path / "archive")[0] == "run-1"


def test_what_an_import_left_that_was_killed_goes_with_the_next(run: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    (archive / ".import-old/run-1/topics").mkdir(parents=True)
    (archive / ".import-file").write_text("x")
    take_in(bundle_of(run, tmp_path / "bundle.tar"), archive)
    assert [place.name for place in archive.iterdir()] == ["run-1"]


def test_two_imports_at_once_do_not_disturb_each_other(run: Path, tmp_path: Path) -> None:
    archive, source = tmp_path / "archive", bundle_of(run, tmp_path / "bundle.tar")
    for _ in range(5):
        both = threading.Barrier(2)

        def one(both: threading.Barrier = both) -> str:
            both.wait(60)
            try:
                return take_in(source, archive)[0]
            except CannotImport as error:
                return str(error)

        with ThreadPoolExecutor(2) as pool:
            said = sorted(future.result() for future in [pool.submit(one) for _ in range(2)])
        assert said[1] == "run-1"
        assert "is there already" in said[0]
        shutil.rmtree(archive / "run-1")


@pytest.mark.parametrize(
    "place", ["letter.txt", "other/letter.txt", "run-1/imported", "run-1/\x1b[31m"]
)
def test_what_no_manifest_names_is_refused_wherever_it_stands(
    run: Path, tmp_path: Path, place: str
) -> None:
    source = bundle_of(run, tmp_path / "bundle.tar")
    member = tarfile.TarInfo(place)
    if "." not in place:
        member.type = tarfile.DIRTYPE
    with tarfile.open(source, "a") as bundle:
        bundle.addfile(member, io.BytesIO())
    said = refused(source, tmp_path / "archive", CannotImport, "bundle")
    assert "\x1b" not in said
