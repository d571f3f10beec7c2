"""A checkout of the dashboard, and Node and npm of the tests' own."""

from pathlib import Path

import pytest

from stack import dashboard
from tests.unit.stack.dashboard_builds import GOOD_NODE, GOOD_NPM, program


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
