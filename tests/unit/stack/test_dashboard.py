"""Building the dashboard: what is out of date, what is missing, what fails, and what stays."""

import fcntl
import json
import os
import stat
from pathlib import Path

import pytest

from stack import dashboard
from stack.dashboard import DashboardBuild, NotBuilt, is_fresh, npm
from tests.waiting import eventually, no_longer_than

GOOD_NODE = "#!/bin/sh\necho v22.20.0\n"
# What npm does of it: writes what was asked, and a page where a build wants one.
GOOD_NPM = """#!/bin/sh
echo "$*" >> calls
[ "$1" = run ] && mkdir -p dist.next && echo new > dist.next/index.html
exit 0
"""
BAD_NPM = "#!/bin/sh\necho 'src/x.tsx: no such thing' >&2\nexit 1\n"


def program(directory: Path, name: str, text: str) -> None:
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(text)
    (directory / name).chmod(stat.S_IRWXU)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a directory of programs before all others."""
    found = tmp_path / "tools"
    program(found, "node", GOOD_NODE)
    program(found, "npm", GOOD_NPM)
    monkeypatch.setattr("sys.executable", str(found / "python"))
    return found


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "dashboard"
    (found / "src" / "deep").mkdir(parents=True)
    for name in ("src/deep/App.tsx", "index.html", "package.json", "vite.config.ts",
                 "tsconfig.json", "public"):  # fmt: skip
        (found / name).write_text("{}")
    (found / "package-lock.json").write_text('{"packages": {"": {}}}')
    monkeypatch.setattr(dashboard, "sources", lambda: found)
    return found


def built(checkout: Path) -> Path:
    page = checkout / "dist" / "index.html"
    page.parent.mkdir()
    page.write_text("old")
    return page


def run() -> list[str]:
    said: list[str] = []
    build = DashboardBuild(said.append)
    build.start()
    build.wait()
    return said


def test_what_is_older_than_a_source_is_out_of_date(checkout: Path) -> None:
    assert not is_fresh(checkout)
    page = built(checkout)
    assert is_fresh(checkout)
    later = page.stat().st_mtime + 10
    os.utime(checkout / "src/deep/App.tsx", (later, later))
    assert not is_fresh(checkout)


@pytest.mark.usefixtures("tools")
def test_it_is_installed_and_built_once(checkout: Path) -> None:
    assert run() == ["building the dashboard (npm ci, once)", "the dashboard is built"]
    calls = (checkout / "calls").read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["ci", "run"]
    assert (checkout / "dist/index.html").read_text() == "new\n"
    assert not (checkout / "dist.next").exists()
    assert run() == []
    assert (checkout / "calls").read_text().splitlines() == calls


@pytest.mark.usefixtures("tools")
def test_what_is_installed_already_is_not_installed_again(checkout: Path) -> None:
    wanted = {"": {}, "node_modules/a": {"version": "1.0.0"},
              "node_modules/b": {"version": "2.0.0", "dev": True}}  # fmt: skip
    (checkout / "package-lock.json").write_text(json.dumps({"packages": wanted}))
    there = checkout / "node_modules/.package-lock.json"
    there.parent.mkdir()
    there.write_text(json.dumps({"packages": {"node_modules/a": {"version": "1.0.0"}}}))
    run()
    assert (checkout / "calls").read_text().startswith("run build")
    (checkout / "calls").unlink()
    there.write_text(json.dumps({"packages": {"node_modules/a": {"version": "0.9.0"}}}))
    os.utime(checkout / "index.html", (2e9, 2e9))
    run()
    assert (checkout / "calls").read_text().startswith("ci")


def test_a_build_that_fails_is_said_and_leaves_the_old_one(checkout: Path, tools: Path) -> None:
    page = built(checkout)
    os.utime(checkout / "index.html", (2e9, 2e9))
    program(tools, "npm", BAD_NPM)
    [_, failed] = run()
    assert "src/x.tsx: no such thing" in failed
    assert "a plain page is shown" in failed
    assert page.read_text() == "old"


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ("#!/bin/sh\necho v18.19.1\n", "this is v18.19.1"),
        ("#!/bin/sh\nexit 1\n", "is not installed"),
    ],
)
def test_a_node_that_is_too_old_is_named(
    tools: Path, monkeypatch: pytest.MonkeyPatch, node: str, said: str
) -> None:
    program(tools, "node", node)
    monkeypatch.setenv("PATH", str(tools))
    with pytest.raises(NotBuilt, match=said):
        npm()


def test_without_node_one_line_says_so(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    [line] = run()
    assert line == (
        "Node 20.19 or newer is not installed: a plain page is shown instead of the dashboard."
    )
    assert not (checkout / "dist").exists()


def test_the_systems_npm_serves_where_this_environment_has_none(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "elsewhere" / "python"))
    monkeypatch.setenv("PATH", str(tools))
    assert npm() == str(tools / "npm")


def test_ending_it_ends_npm(checkout: Path, tools: Path) -> None:
    program(tools, "npm", "#!/bin/sh\necho begun > begun\nexec sleep 600\n")
    said: list[str] = []
    build = DashboardBuild(said.append)
    build.start()
    eventually((checkout / "begun").exists)
    with no_longer_than(60):
        build.stop()
    assert said == ["building the dashboard (npm ci, once)"]
    assert not (checkout / "dist").exists()


def test_an_installed_package_builds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard, "sources", lambda: None)
    assert run() == []
    assert dashboard.built_files().parts[-3:] == ("share", "tidewire", "dashboard")


@pytest.mark.usefixtures("tools")
def test_who_waits_for_another_build_may_be_ended(checkout: Path) -> None:
    said: list[str] = []
    build = DashboardBuild(said.append)
    with (checkout / ".building").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        build.start()
        with no_longer_than(60):
            build.stop()
    build.wait()
    assert said == []
    assert not (checkout / "calls").exists()
