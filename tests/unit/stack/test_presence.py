"""What is up in a home, told by a file and a process, whatever the wall clock does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from stack.home import Home
from stack.runtime.presence import birth_of, running

BORN = birth_of(psutil.Process())


@pytest.mark.parametrize(
    ("there", "up"),
    [
        ({"pid": os.getpid(), "born": BORN}, True),
        ({"pid": os.getpid(), "born": BORN, "at": 0}, True),  # the wall clock was put back
        ({"pid": os.getpid()}, True),  # an earlier version's
        ({"pid": os.getpid(), "born": BORN + 1}, False),  # another process has its number now
        ({"pid": 2**22 + 1, "born": BORN}, False),
        ({"born": BORN}, False),
        ("nonsense", False),
    ],
)
def test_what_is_up(tmp_path: Path, there: object, up: bool) -> None:
    text = there if isinstance(there, str) else json.dumps(there)
    (tmp_path / "up.json").write_text(text)
    assert running(Home(tmp_path)) == (there if up else None)


def test_nothing_is_up_in_an_empty_home(tmp_path: Path) -> None:
    assert running(Home(tmp_path)) is None


def test_a_process_that_has_ended_is_not_up(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    there = {"pid": child.pid, "born": birth_of(psutil.Process(child.pid))}
    (tmp_path / "up.json").write_text(json.dumps(there))
    assert running(Home(tmp_path)) == there
    child.communicate(b"\n")
    assert running(Home(tmp_path)) is None


def test_what_was_stopped_has_stopped_though_its_parent_takes_no_notice(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    there = {"pid": child.pid, "born": birth_of(psutil.Process(child.pid)), "run": "live"}
    (tmp_path / "up.json").write_text(json.dumps(there))
    down = subprocess.run(
        [sys.executable, "-m", "stack.cli", "down", "--home", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (down.returncode, down.stderr) == (0, "")
    assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
    child.communicate()
