"""Stopping flows: none outlives it, and a second signal shortens the wait."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from connectors.stopping import AGAIN
from stack.runtime.supervisor import CRASHES_ALLOWED, STOP_TIMEOUT_S, FlowProcess, Supervisor

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
