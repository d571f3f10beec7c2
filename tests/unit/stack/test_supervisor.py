"""Stopping flows: none outlives it, and a second signal shortens the wait."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from connectors.stopping import AGAIN
from stack.runtime.supervisor import (
    CRASHES_ALLOWED,
    STOP_TIMEOUT_S,
    CrashLoop,
    FlowProcess,
    Supervisor,
)

DEAF = "signal.signal(15, signal.SIG_IGN)"
POLITE = "signal.signal(15, lambda *_: sys.exit(0))"
PROGRAM = "import signal, sys; {}; print('ready', flush=True); signal.pause()"


def running(tmp_path: Path, **programs: str) -> Supervisor:
    supervisor = Supervisor(tmp_path, [FlowProcess(name, ()) for name in programs])
    for name, program in programs.items():
        command = [sys.executable, "-c", PROGRAM.format(program)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        with process.stdout as said:
            assert said.readline() == b"ready\n"  # its handler is in place
        supervisor.children[name].process = process
    return supervisor


def test_flows_that_end_are_not_waited_for(tmp_path: Path) -> None:
    supervisor = running(tmp_path, a=POLITE, b=POLITE)
    processes = [child.process for child in supervisor.children.values()]
    assert supervisor.stop() == []
    assert [p.returncode for p in processes if p] == [0, 0]


def test_a_flow_that_asks_for_it_is_started_again_at_once_and_did_not_crash(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    supervisor = Supervisor(tmp_path, [FlowProcess("a", ("trade",))])
    child = supervisor.children["a"]
    for n in range(1, CRASHES_ALLOWED + 3):
        child.process = subprocess.Popen([sys.executable, "-c", f"raise SystemExit({AGAIN})"])
        child.process.wait()
        supervisor.watch()
        assert child.process is not None
        assert (child.restarts, list(child.crashes), child.ended) == (n, [], False)
        child.process.kill()
        child.process.wait()
    supervisor.stop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_kills_a_flow_that_hangs(tmp_path: Path, number: signal.Signals) -> None:
    supervisor = running(tmp_path, hung=DEAF, good=POLITE)
    processes = [child.process for child in supervisor.children.values() if child.process]
    threading.Timer(0.3, os.kill, (os.getpid(), number)).start()
    began = time.monotonic()
    assert supervisor.stop() == ["hung"]
    assert time.monotonic() - began < STOP_TIMEOUT_S
    assert [p.returncode for p in processes] == [-signal.SIGKILL, 0]
    assert all(child.process is None for child in supervisor.children.values())


def died(tmp_path: Path, *, wrote: bool, waiting: bool = False) -> Supervisor:
    """Return a supervisor one of whose flows has died, after or before it had written anything."""
    (tmp_path / "status").mkdir(exist_ok=True)
    supervisor = Supervisor(tmp_path, [FlowProcess("a", ("trade",))])
    child = supervisor.children["a"]
    for _ in range(CRASHES_ALLOWED):
        die(tmp_path, supervisor, wrote=wrote)
        supervisor.watch(waiting=waiting)
        child.crashes.clear()  # as where they are minutes apart
        child.resume_at = float("inf")
    return supervisor


def die(tmp_path: Path, supervisor: Supervisor, *, wrote: bool) -> None:
    child = supervisor.children["a"]
    child.process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    child.process.wait()
    signs = {"pid": child.process.pid, "epoch_age_s": 0.2 if wrote else None}
    (tmp_path / "status" / "a.json").write_text(json.dumps(signs))


def test_a_flow_that_dies_slowly_and_never_writes_is_given_up(tmp_path: Path) -> None:
    supervisor = died(tmp_path, wrote=False)
    assert supervisor.children["a"].barren == CRASHES_ALLOWED
    die(tmp_path, supervisor, wrote=False)
    with pytest.raises(CrashLoop, match="died 7 times before it had written anything"):
        supervisor.watch()


def test_a_flow_that_dies_slowly_and_writes_is_kept(tmp_path: Path) -> None:
    supervisor = died(tmp_path, wrote=True)
    die(tmp_path, supervisor, wrote=True)
    supervisor.watch()
    assert supervisor.children["a"].barren == 0


def test_a_death_for_want_of_a_server_is_no_crash(tmp_path: Path) -> None:
    supervisor = died(tmp_path, wrote=False, waiting=True)
    child = supervisor.children["a"]
    assert (child.barren, child.restarts, child.process) == (0, 0, None)
    child.resume_at = 0.0
    supervisor.watch(waiting=True)
    assert child.process is None  # until the server is back
    (tmp_path / "run.json").write_text("{}")
    supervisor.watch()
    assert child.restarts == 1
    supervisor.stop()
