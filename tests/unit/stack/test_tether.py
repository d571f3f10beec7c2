"""Processes that end with the one that started them."""

import os
import signal
import subprocess
import sys
import threading

import psutil
import pytest

from stack.tether import ends_with_parent, spawn
from tests.waiting import eventually

PARENT = """
import signal, sys
from stack.tether import spawn
child = spawn(["/bin/sleep", "600"], signal.SIGTERM)
print(child.pid, flush=True)
signal.pause()
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")


@linux
def test_a_program_ends_with_a_killed_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout as said:
        child = psutil.Process(int(said.readline()))
    eventually(lambda: child.cmdline()[:1] == ["/bin/sleep"])
    parent.kill()
    parent.wait()
    assert psutil.wait_procs([child], timeout=60)[1] == []


def test_it_does_not_end_with_the_thread_that_asked_for_it() -> None:
    children = []
    thread = threading.Thread(
        target=lambda: children.append(spawn(["/bin/sleep", "600"], signal.SIGKILL))
    )
    thread.start()
    thread.join()
    [child] = children
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.5)
    child.kill()
    child.wait()


def test_whose_parent_is_gone_already_ends_at_once() -> None:
    program = "import os; from stack.tether import ends_with_parent; ends_with_parent(15, 1 << 30)"
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == 1


def test_whose_parent_is_there_goes_on() -> None:
    ends_with_parent(0, os.getppid())  # no signal: this process is to go on


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_it_runs_as_somebody_else() -> None:
    child = spawn(["/usr/bin/id", "-u"], signal.SIGTERM, 65534, 65534, stdout=subprocess.PIPE)
    assert child.communicate()[0].strip() == b"65534"
