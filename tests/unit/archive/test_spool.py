"""Days in the making: what was appended lies, sorted, in one file; a resume repeats nothing."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.archive.day_files import merge_spools, read_rows
from connectors.archive.records import ArchivedRecord
from connectors.archive.spool import SpoolDamaged, Spools
from connectors.files import sha256_of
from tests.archives import DAY, record

Log = list[list[int]]  # per partition: the stamps of its records


def spooled(directory: Path, log: Log) -> Spools:
    spools = Spools(directory, merge_spools)
    for partition, stamps in enumerate(log):
        for offset, stamp in enumerate(stamps):
            spools.add(DAY, record("t", partition, offset, stamp))
    spools.flush()
    return spools


@given(st.lists(st.lists(st.integers(0, 20), max_size=12).map(sorted), min_size=1, max_size=3))
@settings(max_examples=40)
def test_a_finished_day_holds_every_record_in_order(
    tmp_path_factory: pytest.TempPathFactory, log: Log
) -> None:
    directory = tmp_path_factory.mktemp("spool")
    file = spooled(directory / "spool", log).finish("t", DAY, directory)
    rows = list(read_rows(directory / file.path))
    wanted = [(s, p, n) for p, stamps in enumerate(log) for n, s in enumerate(stamps)]
    assert [(r.stamp, r.partition, r.offset) for r in rows] == sorted(wanted)
    assert file.rows == len(wanted)
    assert file.offsets == {str(p): (0, len(stamps)) for p, stamps in enumerate(log) if stamps}
    if wanted:
        assert (file.first_stamp, file.last_stamp) == (min(wanted)[0], max(wanted)[0])
    assert (file.sha256, file.bytes) == (
        sha256_of(directory / file.path), (directory / file.path).stat().st_size
    )  # fmt: skip


def test_every_column_survives(tmp_path: Path) -> None:
    spools = Spools(tmp_path / "spool", merge_spools)
    given_row = record(
        "t", 3, 7, 11, seq=None, tick=b"1", repeat=True, key=None, value=None,
        headers=[("a", None), ("b", b"\xff"), ("a", b"twice")],
    )  # fmt: skip
    spools.add(DAY, given_row)
    spools.flush()
    [row] = read_rows(tmp_path / spools.finish("t", DAY, tmp_path).path)
    headers: list[tuple[str, bytes | None]] = [("a", None), ("b", b"\xff"), ("a", b"twice")]
    assert row == ArchivedRecord(11, 3, 7, 1_007, None, b"1", True, None, None, headers)


def test_a_resume_cuts_back_to_the_snapshot_and_the_rest_is_given_again(tmp_path: Path) -> None:
    spools = spooled(tmp_path / "spool", [[1, 2, 3]])
    snapshot = dict(spools.lengths)
    spools.add(DAY, record("t", 0, 3, 4))
    spools.add("2025-03-13", record("t", 0, 4, 5))
    spools.flush()
    again = Spools(tmp_path / "spool", merge_spools)
    again.resume(snapshot, set())
    assert again.lengths == snapshot
    assert again.days("t") == [DAY], "a spool that no snapshot knows is gone"
    assert len(list((tmp_path / "spool").iterdir())) == 1
    again.add(DAY, record("t", 0, 3, 4))
    again.flush()
    rows = list(read_rows(tmp_path / again.finish("t", DAY, tmp_path).path))
    assert [r.offset for r in rows] == [0, 1, 2, 3]


@pytest.mark.parametrize("cut", ["short", "missing"])
def test_bytes_lost_behind_a_snapshot_are_told(tmp_path: Path, cut: str) -> None:
    spools = spooled(tmp_path / "spool", [[1, 2, 3]])
    (file,) = (tmp_path / "spool").iterdir()
    if cut == "short":
        file.write_bytes(file.read_bytes()[:-1])
    else:
        file.unlink()
    with pytest.raises(SpoolDamaged, match="delete the persist flow's recovery directory"):
        Spools(tmp_path / "spool", merge_spools).resume(spools.lengths, set())


def test_a_day_finished_after_the_snapshot_is_not_made_again(tmp_path: Path) -> None:
    spools = spooled(tmp_path / "spool", [[1], [2]])
    snapshot = dict(spools.lengths)
    spools.finish("t", DAY, tmp_path)
    spools.discard("t", DAY)
    again = Spools(tmp_path / "spool", merge_spools)
    again.resume(snapshot, {("t", DAY)})
    assert again.lengths == {}
    assert again.days("t") == []


def test_days_are_listed_oldest_first_and_per_topic(tmp_path: Path) -> None:
    spools = Spools(tmp_path, merge_spools)
    for topic, day in (("a", "2025-03-13"), ("a", "2025-03-12"), ("ab", "2025-03-11")):
        spools.add(day, record(topic, 0, 0, 1))
    assert spools.days("a") == [], "not before they are written"
    spools.flush()
    assert spools.days("a") == ["2025-03-12", "2025-03-13"]
    spools.discard("a", "2025-03-12")
    assert spools.days("a") == ["2025-03-13"]
    assert spools.days("ab") == ["2025-03-11"]
