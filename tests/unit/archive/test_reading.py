"""An archive as replays read it: its rules, its days, and what is not there to replay."""

from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from connectors.archive.files import ArchiveDamaged
from connectors.archive.reading import ArchivedRun, DayNotArchived
from messages.topics import MARKET_BARS
from operators.params import Params, RiskParams
from tests.archives import (
    DAY,
    end_tick,
    fact,
    record,
    run_of,
    spec_of,
    started,
    write_archive,
    write_days,
)
from tests.forgery import flip_a_byte
from tests.streams import at, bar

BARS = MARKET_BARS.name


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    records = [fact(BARS, 0, n, bar(n + 1, "AAA", 100_0000)) for n in range(3)]
    repeat = fact(BARS, 0, 3, bar(3, "AAA", 100_0000))._replace(repeat=True)
    write_archive(tmp_path / "run-1", [*records, repeat, end_tick(BARS, 0, 4, at(400))])
    return tmp_path / "run-1"


def test_the_rules_are_those_of_the_run_started_record(tmp_path: Path) -> None:
    strict = Params(risk=RiskParams(cooldown_minutes=77))
    run = write_archive(tmp_path / "run-1", [], run_of(tmp_path / "run-1", strict))
    forged = msgspec.structs.replace(run, spec=spec_of())
    (tmp_path / "run-1" / "run.json").write_bytes(msgspec.json.encode(forged))
    read = ArchivedRun(tmp_path / "run-1")
    assert read.run.rules.risk.cooldown_minutes == 77
    assert read.started.run_id == run.run_id


def test_settings_that_their_own_hash_does_not_fit(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run-1")
    head = [started(run, settings_hash="0" * 64)]
    write_days(tmp_path / "run-1", [(DAY, head)])
    with pytest.raises(ArchiveDamaged, match="its own hash does not fit"):
        ArchivedRun(tmp_path / "run-1").started  # noqa: B018  # a property that reads


@pytest.mark.parametrize("settings", ["[", "[]", '{"own": 1}', '{"own": ' + "[" * 5_000])
def test_settings_that_are_none_though_their_hash_fits(tmp_path: Path, settings: str) -> None:
    run = run_of(tmp_path / "run-1")
    digest = sha256(settings.encode()).hexdigest()
    write_archive(tmp_path / "run-1", [], run)
    write_days(tmp_path / "run-1", [(DAY, [started(run, settings=settings, settings_hash=digest)])])
    with pytest.raises(ArchiveDamaged, match=r"settings that are none.*restore it from a copy"):
        ArchivedRun(tmp_path / "run-1").run  # noqa: B018  # a property that reads


@pytest.mark.parametrize("value", [b"", b"{}", b'{"id": 1}'])
def test_a_run_started_record_that_cannot_be_read(tmp_path: Path, value: bytes) -> None:
    write_days(tmp_path / "run-1", [(DAY, [record("runs.started", 0, 0, 1, value=value)])])
    with pytest.raises(ArchiveDamaged, match=r"no readable runs\.started"):
        ArchivedRun(tmp_path / "run-1").started  # noqa: B018  # a property that reads


def test_a_run_file_that_is_not_there(archive: Path) -> None:
    (archive / "run.json").write_text("{")
    with pytest.raises(ArchiveDamaged, match=r"run\.json cannot be read"):
        ArchivedRun(archive).run  # noqa: B018  # a property that reads


def test_rows_come_in_order_and_within_the_days_asked_for(tmp_path: Path) -> None:
    days = [(f"2025-03-{12 + n}", [record("t", 0, n, n)]) for n in range(4)]
    write_days(tmp_path / "run-1", days)
    read = ArchivedRun(tmp_path / "run-1")
    assert [r.offset for r in read.rows("t")] == [0, 1, 2, 3]
    assert [r.offset for r in read.rows("t", "2025-03-13", "2025-03-14")] == [1, 2]
    assert list(read.rows("nothing")) == []
    assert [f.day for f in read.files["t"]] == [day for day, _ in days]


def test_a_day_on_which_only_ticks_came_is_no_day(tmp_path: Path) -> None:
    days = [
        ("0000-00-00", [record("t", 0, 0, -5)]),
        (DAY, [record("t", 0, 1, 1)]),
        ("2025-03-13", [record("t", 0, 2, 2, tick=b"1", value=None)]),
        ("2025-03-14", [record("t", 0, 3, 3, repeat=True)]),
    ]
    write_days(tmp_path / "run-1", days)
    assert ArchivedRun(tmp_path / "run-1").days == [DAY]


def test_a_day_is_archived_once_a_later_one_is_there_or_the_topic_has_ended(
    archive: Path,
) -> None:
    read = ArchivedRun(archive)
    read.require(BARS, 1, DAY)
    read.require(BARS, 1, "2025-03-20")
    with pytest.raises(DayNotArchived, match="is not archived to its end yet"):
        read.require(BARS, 2, "2025-03-20")
    with pytest.raises(DayNotArchived, match=r"news\.raw is not"):
        read.require("news.raw", 1, DAY)


def test_a_damaged_day_is_told_before_its_first_row(archive: Path) -> None:
    flip_a_byte(archive / "topics" / BARS / f"{DAY}.parquet")
    read = ArchivedRun(archive)
    with pytest.raises(ArchiveDamaged, match="SHA-256"):
        next(iter(read.rows(BARS)))


def test_no_states_were_kept(archive: Path) -> None:
    assert ArchivedRun(archive).states("trade", "all") == {}
