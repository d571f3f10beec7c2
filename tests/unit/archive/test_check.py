"""A check of an archive names the first thing amiss, whatever it is."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.archive.check import Checked, states_manifests, topics_manifest, verify, vouch_for
from connectors.archive.files import (
    ArchiveDamaged,
    DayFile,
    StateFile,
    StatesManifest,
    TopicsManifest,
    write_manifest,
)
from connectors.files import sha256_of, write_whole
from tests.archives import DAY, record, run_of, write_days
from tests.forgery import flip_a_byte, rewrite

NEXT = "2025-03-13"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Two days of one topic over two partitions, and one kept state."""
    run = tmp_path / "run"
    first = [record("t", p, n, 10 * n + p) for p in range(2) for n in range(3)]
    write_days(run, [(DAY, first), (NEXT, [record("t", 0, 3, 99)])])
    directory = run / "states" / "trade-all"
    write_whole(directory / f"{DAY}.state", b"state")
    state = StateFile(
        day=DAY, boundary=9, bytes=5, sha256=sha256_of(directory / f"{DAY}.state")
    )  # fmt: skip
    manifest = StatesManifest(
        run_id="r", flow="trade", shard="all", code_version="1", settings_hash="",
        state_version=1, files=(state,),
    )  # fmt: skip
    write_manifest(directory, manifest)
    (run / "run.json").write_bytes(msgspec.json.encode(run_of(run)))
    return run


def with_files(run: Path, edit: Callable[[list[DayFile]], list[DayFile]]) -> None:
    known = topics_manifest(run)
    files = tuple(edit(list(known.files)))
    write_manifest(run / "topics", msgspec.structs.replace(known, files=files))


def with_offsets(run: Path, **offsets: tuple[int, int]) -> None:
    """Set the offsets that the manifest says of the last day."""
    given = {k.removeprefix("p"): v for k, v in offsets.items()}
    with_files(run, lambda f: [*f[:-1], msgspec.structs.replace(f[-1], offsets=given)])


def test_a_good_archive_is_counted(run: Path) -> None:
    assert verify(run) == Checked(files=2, rows=7, states=1)
    [(directory, kept)] = states_manifests(run)
    assert (directory.name, kept.flow) == ("trade-all", "trade")


def test_no_archive_at_all(tmp_path: Path) -> None:
    with pytest.raises(ArchiveDamaged, match="holds no finished day"):
        verify(tmp_path)
    assert list(states_manifests(tmp_path)) == []


@pytest.mark.parametrize("place", [0.2, 0.5, 0.99])
def test_a_turned_byte_is_found(run: Path, place: float) -> None:
    flip_a_byte(run / "topics" / "t" / f"{DAY}.parquet", place)
    with pytest.raises(ArchiveDamaged, match=rf"{DAY}.*SHA-256 is .*its manifest says"):
        verify(run)


def test_a_value_edited_in_place_is_named_by_partition_and_offset(run: Path) -> None:
    rewrite(
        run, "t", DAY, manifest=False,
        edit=lambda rows: [r._replace(value=b"x") if r.offset == 1 else r for r in rows],
    )  # fmt: skip
    with pytest.raises(ArchiveDamaged, match="partition 0, offset 1 was changed"):
        verify(run)


def test_rows_out_of_order_are_found_though_hashes_fit(run: Path) -> None:
    rewrite(run, "t", DAY, lambda rows: [rows[1], rows[0], *rows[2:]])
    with pytest.raises(ArchiveDamaged, match=r"row .* stands after"):
        verify(run)


def test_an_offset_that_steps_back_is_found_though_hashes_fit(run: Path) -> None:
    rewrite(
        run, "t", DAY,
        lambda rows: [r._replace(offset=0) if (r.partition, r.offset) == (0, 2) else r
                      for r in rows],
    )  # fmt: skip
    with pytest.raises(ArchiveDamaged, match="offset in partition 0 is 0, its manifest says 2"):
        verify(run)


def test_a_row_too_few_at_the_end_is_found_though_hashes_fit(run: Path) -> None:
    rewrite(run, "t", DAY, lambda rows: rows[:-1])
    with pytest.raises(ArchiveDamaged, match="offsets is"):
        verify(run)


def test_a_wrong_count_of_rows(run: Path) -> None:
    with_files(run, lambda f: [msgspec.structs.replace(f[0], rows=5), *f[1:]])
    with pytest.raises(ArchiveDamaged, match="rows is 6, its manifest says 5"):
        verify(run)


def test_a_manifest_that_begins_behind_the_first_row(run: Path) -> None:
    with_offsets(run, p0=(4, 5))
    with pytest.raises(ArchiveDamaged, match="offset in partition 0 is 3, its manifest says 4"):
        verify(run)


def test_a_day_left_out_of_the_middle_shows(run: Path) -> None:
    files = topics_manifest(run).files
    later = write_days(run, [("2025-03-14", [record("t", 0, 7, 120)])])
    manifest = TopicsManifest(run_id="r", files=(*files, *later))
    write_manifest(run / "topics", manifest)
    message = "first offset of partition 0 is 7, its manifest says 4"
    with pytest.raises(ArchiveDamaged, match=message):
        verify(run)


def test_a_file_that_no_manifest_names(run: Path) -> None:
    stray = run / "topics" / "t" / "2025-03-20.parquet"
    stray.write_bytes(b"")
    with pytest.raises(ArchiveDamaged, match="is in no manifest: move it away"):
        verify(run)


def test_missing_files_and_changed_states(run: Path) -> None:
    state = run / "states" / "trade-all" / f"{DAY}.state"
    state.write_bytes(b"forged")
    with pytest.raises(ArchiveDamaged, match=r"\.state: SHA-256"):
        verify(run)
    state.unlink()
    with pytest.raises(ArchiveDamaged, match="nothing: the file is missing"):
        verify(run)
    with pytest.raises(ArchiveDamaged, match="the file is missing"):
        vouch_for(run / "nowhere", "0")


def test_an_archive_without_a_day_is_none(run: Path) -> None:
    with_files(run, lambda _: [])
    with pytest.raises(ArchiveDamaged, match="holds no finished day"):
        verify(run)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"spec": {}}', b'{"spec": "\xff"}', b'{"spec": ' + b"[" * 5_000]
)
def test_a_run_file_that_is_none(run: Path, data: bytes) -> None:
    (run / "run.json").write_bytes(data)
    with pytest.raises(ArchiveDamaged, match=r"run\.json cannot be read.*restore it from a copy"):
        verify(run)


def test_a_run_file_that_is_a_directory_or_not_there(run: Path) -> None:
    (run / "run.json").unlink()
    with pytest.raises(ArchiveDamaged, match=r"has no run\.json"):
        verify(run)
    (run / "run.json").mkdir()
    with pytest.raises(ArchiveDamaged, match=r"run\.json cannot be read"):
        verify(run)


def no_parquet(file: Path) -> None:
    file.write_bytes(b"PAR1, they say")


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20] + b"PAR1")


def other_columns(file: Path) -> None:
    pq.write_table(pq.read_table(file).drop_columns(["offset"]), file)


def other_types(file: Path) -> None:
    table = pq.read_table(file)
    words = pa.array(["x"] * table.num_rows)
    pq.write_table(table.set_column(0, "stamp", words), file)


def no_digest(file: Path) -> None:
    pq.write_table(pq.read_table(file).drop_columns(["digest"]), file)


FORGERIES = [no_parquet, cut_off, other_columns, other_types, no_digest]


@pytest.mark.parametrize("forge", FORGERIES)
@pytest.mark.parametrize("fits", [True, False])
def test_a_file_that_is_no_day_file(run: Path, forge: Callable[[Path], None], fits: bool) -> None:
    """Whatever a stranger put there, with a manifest that vouches for it or with none."""
    file = run / "topics" / "t" / f"{DAY}.parquet"
    forge(file)
    if fits:
        digest = sha256_of(file)
        with_files(run, lambda f: [msgspec.structs.replace(f[0], sha256=digest), *f[1:]])
    words = "holds no rows that can be read|has other columns" if fits else "SHA-256 is"
    with pytest.raises(ArchiveDamaged, match=words):
        verify(run)


def test_a_directory_in_a_file_s_place(run: Path) -> None:
    file = run / "topics" / "t" / f"{DAY}.parquet"
    file.unlink()
    file.mkdir()
    with pytest.raises(ArchiveDamaged, match="the file is missing"):
        verify(run)


def test_a_row_of_a_partition_that_the_manifest_does_not_know(run: Path) -> None:
    with_offsets(run, p1=(3, 4))
    message = "offset in partition 0 is 3, its manifest says that there is none"
    with pytest.raises(ArchiveDamaged, match=message):
        verify(run)
