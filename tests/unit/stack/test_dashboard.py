"""Building the dashboard: what is out of date, what is missing, what fails, and what stays."""

import fcntl
import json
import os
from pathlib import Path

import pytest

from stack import dashboard
from stack.dashboard import DashboardBuild, NotBuilt, is_fresh, npm
from tests.unit.stack.dashboard_builds import built, program, run
from tests.waiting import eventually, no_longer_than

BAD_NPM = "#!/bin/sh\necho 'src/x.tsx: no such thing' >&2\nexit 1\n"


def test_what_is_older_than_a_source_is_out_of_date(checkout: Path) -> None:
    assert not is_fresh(checkout)
    page = built(checkout)
    assert is_fresh(checkout)
    later = page.stat().st_mtime + 10
    os.utime(checkout / "src/deep/App.tsx", (later, later))
    assert not is_fresh(checkout)


def test_a_source_that_was_taken_out_is_a_change(checkout: Path) -> None:
    page = built(checkout)
    (checkout / "src/App.tsx").touch()
    os.utime(checkout / "src", (1e9, 1e9))
    assert is_fresh(checkout)
    (checkout / "src/App.tsx").unlink()
    later = (checkout / "src").stat().st_mtime_ns - 1
    os.utime(page, ns=(later, later))
    assert not is_fresh(checkout)
    (checkout / "tsconfig.json").unlink()  # one that goes while it is looked at
    os.utime(page, (2e9, 2e9))
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
    assert run() == ["building the dashboard", "the dashboard is built"]
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
    assert failed == (
        "The dashboard was not built (npm ci: src/x.tsx: no such thing); "
        "the one built before is shown."
    )
    assert page.read_text() == "old"
    page.unlink()
    assert run()[1].endswith("no such thing); a plain page is shown.")


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
        "The dashboard was not built (Node 20.19 or newer is not installed); a plain page is shown."
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
