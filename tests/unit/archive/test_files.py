"""Manifests and files that appear whole or not at all."""

import pickle
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from connectors.archive.files import (
    BEFORE_TIME,
    FORMAT,
    MANIFEST,
    ArchiveDamaged,
    DayFile,
    StateFile,
    StatesManifest,
    TopicsManifest,
    days_with,
    read_manifest,
    write_manifest,
)


def day_file(topic: str, day: str, **offsets: tuple[int, int]) -> DayFile:
    return DayFile(
        topic=topic, day=day, rows=1, bytes=1, sha256="0", first_stamp=1, last_stamp=1,
        offsets={k.removeprefix("p"): v for k, v in offsets.items()},
    )  # fmt: skip


def test_where_files_are() -> None:
    assert day_file("market.bars", "2025-03-12").path == "market.bars/2025-03-12.parquet"
    state = StateFile(day="2025-03-12", boundary=1, bytes=1, sha256="0")
    assert state.path == "2025-03-12.state"


def test_what_the_archive_lacks_begins_behind_its_last_day() -> None:
    manifest = TopicsManifest(
        run_id="r",
        files=(
            day_file("a", "2025-03-13", p0=(10, 20), p1=(5, 6)),
            day_file("a", "2025-03-12", p0=(0, 10), p1=(0, 5)),
            day_file("b", "2025-03-12", p0=(0, 99)),
        ),
    )
    assert manifest.archived_to("a") == {0: 20, 1: 6}
    assert manifest.archived_to("c") == {}


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_manifest(tmp_path, TopicsManifest) is None
    manifest = TopicsManifest(run_id="r", files=(day_file("a", "2025-03-12", p0=(0, 1)),))
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path, TopicsManifest) == manifest
    write_manifest(tmp_path, TopicsManifest(run_id="r"))
    assert read_manifest(tmp_path, TopicsManifest).files == ()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": []}', '{"run_id": 1}'])
def test_a_manifest_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(ArchiveDamaged, match=r"cannot be read.*restore it from a copy"):
        read_manifest(tmp_path, TopicsManifest)


@pytest.mark.parametrize("data", [b'{"run_id": "\xff"}', b'{"x": ' + b"[" * 5_000])
def test_bytes_that_are_no_json(tmp_path: Path, data: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(data)
    with pytest.raises(ArchiveDamaged, match=r"cannot be read.*restore it from a copy"):
        read_manifest(tmp_path, TopicsManifest)


def test_a_manifest_that_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).mkdir()
    with pytest.raises(ArchiveDamaged, match="cannot be read"):
        read_manifest(tmp_path, TopicsManifest)


@pytest.mark.parametrize(
    "file",
    [
        day_file("..", "2025-03-12"), day_file("../../x", "2025-03-12"),
        day_file("/x", "2025-03-12"), day_file("", "2025-03-12"),
        day_file("a", "../2025-03-12"), day_file("a", "2025-03-12\n"),
        day_file("a", "2025-03-12", x=(0, 1)), day_file("a", "2025-03-12", **{"-1": (0, 1)}),
    ],
)  # fmt: skip
def test_a_manifest_names_nothing_outside_its_archive(tmp_path: Path, file: DayFile) -> None:
    write_manifest(tmp_path, TopicsManifest(run_id="r", files=(file,)))
    with pytest.raises(ArchiveDamaged, match="cannot be read"):
        read_manifest(tmp_path, TopicsManifest)


def test_an_error_says_what_is_amiss_and_what_to_do() -> None:
    error = pickle.loads(pickle.dumps(ArchiveDamaged("x is y", "do z")))
    assert (str(error), error.fault, error.advice) == ("x is y: do z.", "x is y", "do z")


def test_a_manifest_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    blank = StatesManifest(
        run_id="r", flow="trade", shard="all", code_version="1", settings_hash="", state_version=1
    )
    write_manifest(tmp_path, msgspec.structs.replace(blank, format=FORMAT + 1))
    with pytest.raises(ArchiveDamaged, match="upgrade Tidewire"):
        read_manifest(tmp_path, StatesManifest)


def test_days_are_those_with_facts_by_the_manifest(tmp_path: Path) -> None:
    assert days_with(tmp_path, "a") == []
    files = [
        replace(day_file(topic, day), facts=facts)
        for topic, day, facts in (
            ("a", "2025-03-13", 7), ("a", "2025-03-14", 0), ("a", "2025-03-12", None),
            ("a", BEFORE_TIME, 3), ("b", "2025-03-10", 3),
        )
    ]  # fmt: skip
    write_manifest(tmp_path / "topics", TopicsManifest(run_id="r", files=tuple(files)))
    assert days_with(tmp_path, "a") == ["2025-03-12", "2025-03-13"]


def test_a_manifest_of_an_earlier_version_does_not_count_facts(tmp_path: Path) -> None:
    write_manifest(tmp_path, TopicsManifest(run_id="r", files=(day_file("a", "2025-03-12"),)))
    file = tmp_path / MANIFEST
    plain = msgspec.json.decode(file.read_bytes())
    assert plain["files"][0].pop("facts") is None
    file.write_bytes(msgspec.json.encode(plain))
    [found] = read_manifest(tmp_path, TopicsManifest).files
    assert found.facts is None
