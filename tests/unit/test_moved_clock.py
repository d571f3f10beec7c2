"""The clock that tests move: the same in every process, and waits last as long as they should."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from stack.servers.broker import find_java
from tests.moved_clock import NS, MovedClock, Waits

BEGIN: Final = datetime(2026, 3, 19, 19, 50, tzinfo=UTC)
RATE: Final = 60.0
# Each class that Java loads: the wall clock's milliseconds and the monotonic clock's nanoseconds.
JAVA: Final = ("-Xlog:class+load=info:stdout:timemillis,timenanos", "-version")
JAVA_LINE: Final = re.compile(r"^\[(\d+)ms\]\[(\d+)ns\]", re.MULTILINE)
WAIT_S: Final = 0.5
# A reading takes the machine's clock before and after; the kernel answers it past the shim.
PROGRAM: Final = """
import asyncio, ctypes, json, platform, queue, sys, threading, time
MONOTONIC, REALTIME, ETIMEDOUT = 1, 0, 110
CLOCK_GETTIME = {"x86_64": 228, "aarch64": 113}[platform.machine()]
libc = ctypes.CDLL(None, use_errno=True)
class Spec(ctypes.Structure):
    _fields_ = [("s", ctypes.c_long), ("ns", ctypes.c_long)]
def real():
    spec = Spec()
    libc.syscall(CLOCK_GETTIME, MONOTONIC, ctypes.byref(spec))
    return spec.s * 10**9 + spec.ns
def reading(clock):
    tries = []
    for _ in range(50):
        before = real()
        said = clock()
        tries.append((real() - before, before, said))
    return min(tries)
def lasted(wait):
    before = real()
    wait()
    return (real() - before) / 1e9
def empty(seconds):
    try:
        queue.Queue().get(timeout=seconds)
    except queue.Empty:
        pass
def until(call, seconds, *things):
    at = time.time_ns() + int(seconds * 1e9)
    answer = call(*things, ctypes.byref(Spec(at // 10**9, at % 10**9)))
    assert answer == ETIMEDOUT or ctypes.get_errno() == ETIMEDOUT, answer
seconds = float(sys.argv[1])
held, space = threading.Lock(), [ctypes.create_string_buffer(128) for _ in range(3)]
held.acquire()
libc.pthread_mutex_init(space[0], None)
libc.pthread_cond_init(space[1], None)
libc.sem_init(space[2], 0, 0)
libc.pthread_mutex_lock(space[0])
sys.stdout.write(json.dumps({
    "clocks": {
        "time": reading(time.time_ns), "monotonic": reading(lambda: int(time.monotonic() * 1e9)),
        "monotonic_ns": reading(time.monotonic_ns),
    },
    "waits": {
        "event": lasted(lambda: threading.Event().wait(seconds)),
        "lock": lasted(lambda: held.acquire(timeout=seconds)),
        "queue": lasted(lambda: empty(seconds)),
        "thread": lasted(lambda: time.sleep(seconds)),
    },
    "loop": lasted(lambda: asyncio.run(asyncio.sleep(0.5))),
    "libraries": {
        "condition": lasted(lambda: until(libc.pthread_cond_timedwait, 0.5, space[1], space[0])),
        "semaphore": lasted(lambda: until(libc.sem_timedwait, 0.5, space[2])),
        "either": lasted(lambda: until(
            libc.pthread_cond_clockwait, 0.5, space[1], space[0], REALTIME)),
    },
    "again": {"time": reading(time.time_ns), "monotonic_ns": reading(time.monotonic_ns)},
}))
"""


@pytest.fixture(params=list(Waits))
def clock(request: pytest.FixtureRequest) -> Iterator[MovedClock]:
    moved = MovedClock(BEGIN, RATE, request.param)
    yield moved
    moved.close()


def begun(clock: MovedClock, *command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command, env={**os.environ, **clock.environment}, stdout=subprocess.PIPE, text=True
    )


def waits(clock: MovedClock) -> Waits:
    return Waits(clock.environment.get("MOVED_MONOTONIC", "moved"))


def off_s(clock: MovedClock, found: list[int]) -> float:
    """Return by how many real seconds a reading of the wall clock is off."""
    width, before, said = found
    return abs(said - clock.wall_ns(before + width // 2)) / RATE / NS


def test_processes_that_begin_apart_have_one_time(clock: MovedClock) -> None:
    seconds = WAIT_S * (RATE if waits(clock) is Waits.MOVED else 1)
    first = begun(clock, sys.executable, "-c", PROGRAM, str(seconds))
    java = begun(clock, find_java(), *JAVA)
    lines = java.communicate(timeout=60)[0]
    second = begun(clock, sys.executable, "-c", PROGRAM, str(seconds))
    for child in (first, second):
        said: dict[str, Any] = json.loads(child.communicate(timeout=60)[0])
        check_clocks(clock, said)
        check_waits(said)
    stamps = [(int(ns), int(ms)) for ms, ns in JAVA_LINE.findall(lines)]
    assert len(stamps) > 100
    off = sorted(abs(ms * 1_000_000 - clock.wall_ns(ns)) / RATE / NS for ns, ms in stamps)
    assert off[len(off) // 2] < 0.001, off
    assert abs(clock.now().timestamp() - clock.wall_ns(time.monotonic_ns()) / NS) < RATE / 10


def check_clocks(clock: MovedClock, said: dict[str, Any]) -> None:
    first, last = said["clocks"], said["again"]
    assert off_s(clock, first["time"]) < 0.001
    assert off_s(clock, last["time"]) < 0.001
    # What a live run's clock compares with the wall clock goes as fast.
    passed = (last["time"][1] - first["time"][1]) * RATE
    for name in ("time", "monotonic_ns"):
        went = last[name][2] - first[name][2]
        assert went == pytest.approx(passed, rel=0.01), name
    is_real = abs(first["monotonic"][2] - first["monotonic"][1]) < NS // 100
    assert is_real == (waits(clock) is Waits.REAL)


def check_waits(said: dict[str, Any]) -> None:
    """A wait may end late on a busy machine; not early, and not sixty times as late."""
    # A loop waits in a poll, which takes real seconds in either case.
    for name, seconds in {**said["waits"], **said["libraries"], "loop": said["loop"]}.items():
        assert WAIT_S * 0.98 < seconds < WAIT_S * 20, name


def test_a_rate_and_a_jump_reach_who_runs_already() -> None:
    clock = MovedClock(BEGIN)
    program = "import sys, time\nfor _ in sys.stdin: print(time.time_ns(), flush=True)"
    child = subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, **clock.environment}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None

    def asked() -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        before = clock.wall_ns(time.monotonic_ns())
        child.stdin.write("\n")
        said = int(child.stdout.readline())
        assert before <= said <= clock.wall_ns(time.monotonic_ns())

    asked()
    clock.run(RATE)
    asked()
    clock.jump(3_600)
    asked()
    child.communicate()
    assert child.returncode == 0
    clock.close()
