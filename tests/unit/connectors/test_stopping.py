"""Stopping on request: a signal, or a parent that is gone, raises the flag; nothing else does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.steady_clock import SetBack
from connectors.stopping import AGAIN, StopFlag
from stack.child import SUPERVISOR, starter
from tests.waiting import eventually

ORPHAN = """
import os, sys
from pathlib import Path
from connectors.steady_clock import SetBack
from connectors.stopping import AGAIN, StopFlag
from tests.waiting import eventually
if os.fork() == 0:
    flag = StopFlag()
    Path(sys.argv[1]).write_text("early" if flag() else "running")
    eventually(flag)
    Path(sys.argv[1]).write_text("stopped")
    os._exit(0)
eventually(lambda: Path(sys.argv[1]).exists() and Path(sys.argv[1]).read_text() == "running")
"""


@pytest.fixture
def handlers() -> Iterator[None]:
    """Put this process's handlers back."""
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_raises_the_flag_and_it_stays_up(handlers: None, number: signal.Signals) -> None:
    flag = StopFlag().listen()
    assert not flag()
    os.kill(os.getpid(), number)
    assert eventually(flag)
    assert flag.raised


def test_an_orphan_stops(tmp_path: Path) -> None:
    said = tmp_path / "said"
    done = subprocess.run([sys.executable, "-c", ORPHAN, str(said)], check=False, timeout=300)
    assert done.returncode == 0
    eventually(lambda: said.read_text() == "stopped", what=said.read_text)


def test_a_supervisor_that_died_before_anybody_looked_stops_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While it was importing, its parent became another one: it asks by the pid it was given."""
    assert starter() == os.getppid()
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    monkeypatch.setenv(SUPERVISOR, str(gone.pid))
    assert StopFlag(parent=starter())()
    monkeypatch.setenv(SUPERVISOR, str(os.getppid()))
    assert not StopFlag(parent=starter())()


def test_a_clock_that_was_set_back_asks_for_another_start(handlers: None) -> None:
    now = [10**18]
    flag = StopFlag(SetBack(lambda: now[0], lambda: 0)).listen()
    assert (flag(), flag.code) == (False, 0)
    now[0] -= 3_600 * 10**9
    assert (flag(), flag(), flag.code) == (True, True, AGAIN)
    flag.raised = True
    assert flag.code == 0, "whoever stops it does not want it again"
