"""Bundles: taken in whole, with nothing besides what their manifests name, and never executed."""

import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from connectors.archive.bundle import CannotImport, export, take_in
from connectors.archive.day_files import merge_spools
from connectors.archive.files import ArchiveDamaged, TopicsManifest, write_manifest
from connectors.archive.reading import ArchivedRun, StrategyNotTrusted
from connectors.archive.spool import Spools
from connectors.kafka.raw_log import LogRecord
from messages.base import make_id
from messages.codec import encode
from messages.control import RunStarted
from messages.units import to_datetime, to_micros
from operators.params import OwnParams, Params
from tests.archives import run_of, spec_of
from tests.streams import OPEN

DAY = "2025-03-12"


def archived(place: Path, name: str = "first", own: tuple[str, ...] = ()) -> Path:
    """Make the archive of a run that has begun and done nothing else."""
    directory = place / name
    params, moment = Params(own=OwnParams(own)), to_datetime(OPEN)
    spec = spec_of(params, run_id=name, started_at=moment, first_moment=moment)
    run = run_of(directory, spec=spec, directory=str(place / "runs" / name))
    run.save()
    started = RunStarted(
        id=make_id("run", name), event_time=moment, run_id=name, code_version="1",
        settings_hash=run.settings_hash, settings=run.settings, partitions=1, inputs=(),
    )  # fmt: skip
    spools, topic = Spools(directory / "spool", merge_spools), "runs.started"
    stamp = to_micros(moment)
    value = encode(started)
    spools.add(
        DAY, LogRecord(topic, 0, 0, 0, stamp, 0, None, False, b"", value, [], None)
    )  # fmt: skip
    spools.flush()
    file = spools.finish(topic, DAY, directory / "topics")
    write_manifest(directory / "topics", TopicsManifest(run_id=name, files=(file,)))
    spools.discard(topic, DAY)
    return directory


def bundle_of(run: Path, target: Path, **more: bytes) -> Path:
    """Write a bundle by hand, with files besides."""
    export(run, target)
    with tarfile.open(target, "a") as bundle:
        for name, data in more.items():
            info = tarfile.TarInfo(f"{run.name}/{name.replace('__', '/').replace('_py', '.py')}")
            info.size = len(data)
            bundle.addfile(info, BytesIO(data))
    return target


def test_a_bundle_comes_back_as_it_was(tmp_path: Path) -> None:
    run = archived(tmp_path / "here")
    export(run, tmp_path / "run.tar")
    name, counted = take_in(tmp_path / "run.tar", tmp_path / "there")
    assert (name, counted.files, counted.rows) == ("first", 1, 1)
    taken = tmp_path / "there" / "first"
    assert ArchivedRun(taken).started == ArchivedRun(run).started


@pytest.mark.parametrize("name", ["evil_py", "topics__evil_py", "recovery__part-0.sqlite3"])
def test_a_file_that_no_manifest_names_is_refused(tmp_path: Path, name: str) -> None:
    run = archived(tmp_path / "here")
    bundle = bundle_of(run, tmp_path / "run.tar", **{name: b"raise SystemExit"})
    with pytest.raises(CannotImport, match="which no manifest names"):
        take_in(bundle, tmp_path / "there")
    assert list((tmp_path / "there").iterdir()) == []


def test_a_strategy_that_an_archive_names_runs_only_if_it_is_trusted(tmp_path: Path) -> None:
    left = tmp_path / "ran"
    strategy = tmp_path / "evil.py"
    strategy.write_text(f"open({str(left)!r}, 'w').close()\n")
    named = f"{strategy}:Evil"
    run = archived(tmp_path / "here", own=(named,))
    export(run, tmp_path / "run.tar")
    take_in(tmp_path / "run.tar", tmp_path / "there")
    taken = tmp_path / "there" / "first"
    with pytest.raises(StrategyNotTrusted, match="TIDEWIRE_OWN__STRATEGIES"):
        _ = ArchivedRun(taken).run
    assert ArchivedRun(taken, trusted=(named,)).run.params["own"]["strategies"] == (named,)
    with pytest.raises(StrategyNotTrusted, match="--run-strategies"):
        _ = ArchivedRun(run).run  # an archive may have been put there by anybody
    assert ArchivedRun(run).written.run_id == "first"
    assert not left.exists()


def test_a_run_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    run = archived(tmp_path / "here")
    export(run, tmp_path / "run.tar")
    with pytest.raises(CannotImport, match="is there already"):
        take_in(tmp_path / "run.tar", tmp_path / "here")


@pytest.mark.parametrize("data", [b"", b"no tar at all", b"\0" * 10_240])
def test_what_is_no_bundle_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "run.tar"
    file.write_bytes(data)
    with pytest.raises(CannotImport, match="archive export"):
        take_in(file, tmp_path / "there")


def test_a_place_outside_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "run.tar"
    with tarfile.open(file, "w") as bundle:
        bundle.addfile(tarfile.TarInfo("../outside"), BytesIO(b""))
    with pytest.raises(CannotImport):
        take_in(file, tmp_path / "there")
    assert not (tmp_path / "outside").exists()


def test_a_changed_day_file_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    run = archived(tmp_path / "here")
    export(run, tmp_path / "run.tar")
    parquet = run / "topics/runs.started" / f"{DAY}.parquet"
    parquet.write_bytes(parquet.read_bytes()[:-1] + b"x")
    with pytest.raises(ArchiveDamaged):
        export(run, tmp_path / "other.tar")
    assert not (tmp_path / "other.tar").exists()
