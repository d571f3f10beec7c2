"""A stack whose supervisor is killed leaves no process behind, whatever it was about."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stack.home import Home
from stack.runtime.presence import running
from stack.servers.database import EmbeddedDatabase
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(400)]
MOMENTS = 10


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("outlives") / "home"
    yield directory
    EmbeddedDatabase(Home(directory)).discard()


@pytest.fixture(scope="module")
def whole(home: Path) -> float:
    """Return how long a start takes here, seconds, once the servers have been made."""
    took = 0.0
    for _ in range(2):
        up = begun(home)
        began = time.monotonic()
        eventually(lambda: running(Home(home)))
        took = time.monotonic() - began
        up.terminate()
        assert up.wait(100) == 0
    return took


def begun(home: Path, *, terminal: bool = False) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "stack.cli", "up", "--foreground", "--home", str(home)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        # Whoever runs the tests may have been started deaf to it.
        preexec_fn=(lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)) if terminal else None,
    )  # fmt: skip


def left_by(up: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """Kill a process at once; returns those that it had started."""
    me = psutil.Process(up.pid)
    me.suspend()
    started: list[psutil.Process] = me.children(recursive=True)
    me.kill()
    up.wait()
    return started


def assert_all_end(started: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(started, timeout=60)
    assert [p.cmdline() for p in alive] == []


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_at_any_moment(home: Path, whole: float, moment: int) -> None:
    up, began = begun(home), time.monotonic()
    wanted = began + whole * moment / (MOMENTS - 1)
    eventually(lambda: time.monotonic() >= wanted, step=0.01)
    if moment == MOMENTS - 1:
        eventually(lambda: running(Home(home)))
    assert_all_end(left_by(up))


def test_a_stack_in_the_foreground_ends_with_its_terminal(home: Path, whole: float) -> None:
    up = begun(home, terminal=True)
    eventually(lambda: running(Home(home)))
    started = psutil.Process(up.pid).children(recursive=True)
    up.send_signal(signal.SIGHUP)
    assert up.wait(100) == 0, whole
    assert_all_end(started)


def test_two_signals_while_it_is_stopped_leave_nothing(home: Path, whole: float) -> None:
    up = begun(home)
    eventually(lambda: running(Home(home)))
    started = psutil.Process(up.pid).children(recursive=True)
    for _ in range(3):
        os.kill(up.pid, signal.SIGTERM)
    assert up.wait(100) == 0, whole
    assert_all_end(started)
