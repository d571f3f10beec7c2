"""Day files made elsewhere: the same bytes, a process only while there is work, a clear end."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from connectors.archive import finisher
from connectors.archive.day_files import merge_spools
from connectors.archive.finisher import Finisher, FinisherDied
from connectors.archive.spool import Spools
from tests.archives import DAY, record
from tests.waiting import eventually


def spooled(directory: Path, made: Finisher | None = None) -> Spools:
    spools = Spools(directory / "spool", made.merge if made else merge_spools)
    for offset in range(5):
        spools.add(DAY, record("t", offset % 2, offset, 10 * offset))
    spools.flush()
    return spools


def below() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if "connectors.archive.finisher" in p.cmdline()]


def test_a_day_is_the_same_wherever_it_is_finished(tmp_path: Path) -> None:
    made = Finisher()
    here = spooled(tmp_path / "a").finish("t", DAY, tmp_path / "a")
    there = spooled(tmp_path / "b", made).finish("t", DAY, tmp_path / "b")
    again = spooled(tmp_path / "c", made).finish("t", DAY, tmp_path / "c")
    assert here == there == again
    assert len(below()) == 1, "one process for all of them"
    made.close()
    assert below() == []


def test_the_process_leaves_once_there_is_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Finisher()
    made.rest()
    spooled(tmp_path, made).finish("t", DAY, tmp_path)
    made.rest()
    assert len(below()) == 1, "there may be more"
    monkeypatch.setattr(finisher, "REST_S", 0.0)
    made.rest()
    assert below() == []


@pytest.mark.parametrize("when", ["before", "while"])
def test_a_process_that_dies_is_told_and_the_next_job_has_another(
    tmp_path: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Finisher()
    spools = spooled(tmp_path, made)
    spools.finish("t", DAY, tmp_path)
    if when == "before":
        [process] = below()
        process.kill()
        eventually(lambda: process.status() == psutil.STATUS_ZOMBIE)
        reason = "exit -9"
    else:
        (tmp_path / "t").rename(tmp_path / "gone")
        (tmp_path / "t").write_text("no directory")
        reason = "exit 1"
    with pytest.raises(FinisherDied, match=reason):
        spools.finish("t", DAY, tmp_path)
    if when == "while":
        (tmp_path / "t").unlink()
    assert spools.finish("t", DAY, tmp_path).rows == 5
    made.close()


def test_the_process_ends_with_whoever_started_it(tmp_path: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from tests.unit.archive.test_finisher import Finisher, below, spooled, DAY
made = Finisher()
spooled(Path(sys.argv[1]), made).finish("t", DAY, Path(sys.argv[1]))
print(below()[0].pid, flush=True)
os._exit(9)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 9, done.stderr
    eventually(lambda: not psutil.pid_exists(int(done.stdout)), what="the process has ended")


def test_half_an_answer_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a process that is killed while it answers."""
    dying = tmp_path / "dying"
    dying.write_text('#!/bin/sh\nread job\nprintf \'{"topic": "t"\'\nexit 3\n')
    dying.chmod(0o700)
    monkeypatch.setattr("connectors.archive.finisher.sys.executable", str(dying))
    with pytest.raises(FinisherDied, match="exit 3"):
        spooled(tmp_path, Finisher()).finish("t", DAY, tmp_path)
