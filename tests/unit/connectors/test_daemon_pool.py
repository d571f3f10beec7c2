"""Threads beside a flow: side by side, in order, and never in the way of an end."""

import subprocess
import sys
import threading

import pytest

from connectors.daemon_pool import DaemonPool


def test_values_are_done_side_by_side_and_answered_in_their_order() -> None:
    pool, both = DaemonPool(2, "test"), threading.Barrier(2)

    def meet(n: int) -> int:
        both.wait(60)  # passes only if the other one is being done at the same time
        return n * n

    assert pool.map(meet, [3, 4]) == [9, 16]
    assert pool.map(str, range(50)) == [str(n) for n in range(50)]


def test_one_thread_does_them_in_the_order_of_submission() -> None:
    done: list[int] = []
    pool = DaemonPool(1, "test")
    futures = [pool.submit(lambda n=n: done.append(n)) for n in range(20)]  # type: ignore[misc]  # each its own
    for future in futures:
        future.result(60)
    assert done == list(range(20))


def test_what_is_raised_is_the_askers_and_the_thread_goes_on() -> None:
    pool = DaemonPool(1, "test")
    with pytest.raises(ZeroDivisionError):
        pool.map(lambda n: 1 // n, [1, 0])
    with pytest.raises(SystemExit):
        pool.submit(sys.exit).result(60)
    assert pool.submit(lambda: "still here").result(60) == "still here"


def test_what_was_cancelled_is_not_begun() -> None:
    pool, gate, begun = DaemonPool(1, "test"), threading.Event(), []
    blocking = pool.submit(gate.wait)
    waiting = pool.submit(lambda: begun.append(1))
    assert waiting.cancel()
    gate.set()
    blocking.result(60)
    pool.submit(lambda: None).result(60)
    assert begun == []


def test_a_thread_that_waits_for_ever_does_not_hold_a_process() -> None:
    script = (
        "import threading\nfrom connectors.daemon_pool import DaemonPool\n"
        "DaemonPool(2, 'test').submit(threading.Event().wait)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, timeout=120)
    assert done.returncode == 0
