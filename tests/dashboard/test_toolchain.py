"""The dashboard's own checks: its types, its style, its unit tests, its generated client."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.dashboard import npm

DASHBOARD = Path(__file__).parents[2] / "dashboard"
GENERATED = DASHBOARD / "src/api/schema.ts"
pytestmark = pytest.mark.timeout(600)


def run(*words: str, **more: str) -> str:
    """Run npm in the dashboard; its words are the message when it fails."""
    beside = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [npm(), *words], cwd=DASHBOARD, text=True, capture_output=True, check=False,
        env={**os.environ, "PATH": beside, "NO_COLOR": "1", **more},
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6_000:]
    return said


@pytest.mark.parametrize("check", ["types", "lint"])
def test_the_sources_are_as_they_should_be(check: str) -> None:
    run("run", "-s", check)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_the_formatter_is_right_in_every_zone(zone: str) -> None:
    run("run", "-s", "test", "--", "src/format", TZ=zone)


def test_the_components_do_what_their_tests_say() -> None:
    assert "passed" in run("run", "-s", "test", "--", "--exclude", "src/format/**")


def test_the_client_is_that_of_the_api(tmp_path: Path) -> None:
    made = tmp_path / "schema.ts"
    run("exec", "--", "openapi-typescript", "../api/openapi.json", "-o", str(made))
    assert made.read_text() == GENERATED.read_text(), "make it anew with `npm run client`"


def test_every_dependency_is_pinned() -> None:
    package = json.loads((DASHBOARD / "package.json").read_text())
    for kind in ("dependencies", "devDependencies"):
        for name, version in package[kind].items():
            assert version[0].isdigit(), f"{name} {version}"
    locked = (DASHBOARD / "package-lock.json").read_text()
    assert '"resolved"' not in locked  # it names no registry
