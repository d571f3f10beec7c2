"""Building the dashboard while everything around it goes wrong: kills, garbage, odd files."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stack import dashboard
from stack.dashboard import DashboardBuild
from tests.unit.stack.dashboard_builds import built, program, run
from tests.waiting import eventually, no_longer_than

PYTHON = sys.executable
BUILD = """import sys; from pathlib import Path; from stack import dashboard
dashboard.sources = lambda: Path(sys.argv[1])
sys.executable = sys.argv[2]
build = dashboard.DashboardBuild(lambda line: None)
build.start(); build.wait()
"""
# It tells who it is, and waits for `go`, if not for ever; asked to end, it does `on_term`.
LONG_NPM = """#!/bin/sh
trap "{on_term}" TERM
echo $$ > pid.next; mv pid.next pid
n=0; while [ ! -e go ] && [ $n -lt 600 ]; do sleep 0.05; n=$((n + 1)); done
"""
PAGE = "mkdir -p dist.next; echo new > dist.next/index.html"


def is_locked(checkout: Path) -> bool:
    with (checkout / ".building").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and is a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def npm_that(tools: Path, build: str) -> None:
    program(tools, "npm", f'#!/bin/sh\n[ "$1" = run ] || exit 0\n{build}\n')


def test_a_build_whose_parent_is_killed_keeps_others_out(checkout: Path, tools: Path) -> None:
    program(tools, "npm", LONG_NPM.format(on_term="exit 1"))
    command = [PYTHON, "-c", BUILD, str(checkout), str(tools / "python")]
    with subprocess.Popen(command, cwd=Path(dashboard.__file__).parents[1]) as parent:
        eventually((checkout / "pid").exists)
        parent.kill()
    pid = int((checkout / "pid").read_text())
    assert is_alive(pid)
    assert is_locked(checkout)
    (checkout / "go").touch()
    eventually(lambda: not is_locked(checkout))
    eventually(lambda: not is_alive(pid))


def test_npm_that_does_not_want_to_end_is_ended(
    checkout: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "STOP_S", 0.3)
    program(tools, "npm", LONG_NPM.format(on_term=""))
    said: list[str] = []
    build = DashboardBuild(said.append)
    build.start()
    eventually((checkout / "pid").exists)
    with no_longer_than(60):
        build.stop()
    eventually(lambda: not is_alive(int((checkout / "pid").read_text())), within=10)
    eventually(lambda: not is_locked(checkout))
    assert said == ["building the dashboard (npm ci, once)"]


def test_what_npm_leaves_behind_is_ended_with_it(checkout: Path, tools: Path) -> None:
    left = """(trap "" TERM; exec sleep 60) >/dev/null 2>&1 &
echo $! > pid.next; mv pid.next pid; wait"""
    program(tools, "npm", f"#!/bin/sh\n{left}\n")
    build = DashboardBuild(lambda line: None)
    build.start()
    eventually((checkout / "pid").exists)
    build.stop()
    eventually(lambda: not is_alive(int((checkout / "pid").read_text())), within=10)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    "garbage",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b"5", b"{}", b'{"packages": []}', b'{"packages": 5}',
     b'{"packages": {"a": 5}}', b'{"packages": {"a": null}}', b'{"packages": {"a": [1]}}',
     b"[" * 100_000],
    ids=range(13),
)  # fmt: skip
@pytest.mark.parametrize("name", ["node_modules/.package-lock.json", "package-lock.json"])
def test_garbage_that_says_what_is_installed_counts_as_nothing(
    checkout: Path, name: str, garbage: bytes
) -> None:
    (checkout / "node_modules").mkdir()
    wanted = '{"packages": {"a": {"version": "1"}}}'
    for each in ("node_modules/.package-lock.json", "package-lock.json"):
        (checkout / each).write_text(wanted)
    (checkout / name).write_bytes(garbage)
    assert run() == ["building the dashboard (npm ci, once)", "the dashboard is built"]


@pytest.mark.parametrize(
    ("npm", "why"),
    [
        (r"printf 'no \377 thing\n'; exit 1", "npm run: no \ufffd thing"),
        ("exit 3", "npm run: exit code 3, without a word"),
        ("kill -9 $$", "npm run: ended by signal 9"),
        ("exit 0", "npm run: it made no dist.next/index.html"),
        ("mkdir -p dist.next/index.html", "npm run: it made no dist.next/index.html"),
    ],
)
def test_what_npm_did_is_said_whatever_it_was(
    checkout: Path, tools: Path, npm: str, why: str
) -> None:
    page = built(checkout)
    os.utime(checkout / "index.html", (2e9, 2e9))
    npm_that(tools, npm)
    (checkout / "dist.next").mkdir()
    (checkout / "dist.next/index.html").write_text("of a build that was ended")
    [_, line] = run()
    assert line == f"The dashboard was not built ({why}); the one built before is shown."
    assert page.read_text() == "old"


def test_a_node_that_says_garbage_is_too_old(
    checkout: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tools))
    program(tools, "node", "#!/bin/sh\nprintf 'v\\377'\n")
    [line] = run()
    assert line == (
        "The dashboard was not built (Node 20.19 or newer is needed, this is v\ufffd); "
        "a plain page is shown."
    )


@pytest.mark.usefixtures("tools")
def test_a_checkout_that_takes_no_file(checkout: Path) -> None:
    (checkout / ".building").mkdir()
    [line] = run()
    assert line == (
        f"The dashboard was not built ({checkout} cannot be written to: Is a directory); "
        "a plain page is shown."
    )


def test_an_npm_that_cannot_be_started(checkout: Path, tools: Path) -> None:
    program(tools, "npm", "#!/no/such/shell\n")
    [_, line] = run()
    assert line.startswith(f"The dashboard was not built ({tools / 'npm'}: No such file")


@pytest.mark.usefixtures("tools")
def test_a_fault_of_the_program_is_said_and_logged(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(_: Path) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(dashboard, "is_fresh", fault)
    [line] = run()
    assert line == (
        "The dashboard was not built (a fault of this program: ZeroDivisionError); "
        "a plain page is shown."
    )
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.usefixtures("tools")
def test_nobody_who_could_be_told_ends_no_build(
    checkout: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(line: str) -> None:
        raise BrokenPipeError(line)

    build = DashboardBuild(gone)
    build.start()
    build.wait()
    assert (checkout / "dist/index.html").is_file()
    assert "the dashboard is built" in caplog.text


def test_a_source_that_changes_during_a_build_is_built_again(checkout: Path, tools: Path) -> None:
    npm_that(tools, f"echo $$ >> builds; sleep 0.1; echo 2 > src/deep/App.tsx; sleep 0.1; {PAGE}")
    assert run()[-1] == "the dashboard is built"
    assert not dashboard.is_fresh(checkout)
    npm_that(tools, f"echo $$ >> builds; {PAGE}")
    assert run()[-1] == "the dashboard is built"
    assert dashboard.is_fresh(checkout)
    assert run() == []


def as_link(path: Path) -> None:
    elsewhere = path.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    (elsewhere / "mine").write_text("kept")
    path.symlink_to(elsewhere)


def as_directory(path: Path) -> None:
    (path / "deep").mkdir(parents=True)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("name", ["dist", "dist.old", "dist.next"])
@pytest.mark.parametrize(
    "make",
    [as_link, as_directory, lambda path: path.symlink_to("nowhere"), Path.touch, os.mkfifo],
    ids=range(5),
)
def test_whatever_lies_where_the_files_go(
    checkout: Path, name: str, make: Callable[[Path], None]
) -> None:
    make(checkout / name)
    assert run()[-1] == "the dashboard is built"
    assert (checkout / "dist/index.html").read_text() == "new\n"
    assert not (checkout / "dist").is_symlink()
    assert not any(os.path.lexists(checkout / each) for each in ("dist.old", "dist.next"))
    if make is as_link:
        assert (checkout / "elsewhere/mine").read_text() == "kept"
