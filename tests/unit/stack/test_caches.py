"""The place of compiled code: of this version, never beside the code, never a reason to fail."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from connectors.version import VERSION
from stack.caches import COMPILED, cache_directory, place_compiled_code


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(COMPILED, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_each_version_has_its_own(tmp_path: Path) -> None:
    place = Path(place_compiled_code())
    assert place == cache_directory() / f"compiled-{VERSION}"
    assert place.is_relative_to(tmp_path / "cache")
    assert os.environ[COMPILED] == str(place)
    assert list(place.iterdir()) == []


def test_a_named_place_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(COMPILED, "/somewhere")
    assert place_compiled_code() == "/somewhere"
    assert not (tmp_path / "cache").exists()


def test_without_a_writable_cache_it_is_compiled_anew(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no directory")
    place = Path(place_compiled_code())
    assert place.is_dir()
    assert place.parent == tmp_path


def test_the_command_line_places_it_before_anything_is_compiled(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "import stack.cli\n"
        "assert not any(m.startswith('numba') for m in sys.modules)\n"
        "stack.cli.main(['version'])\n"
        f"print(os.environ['{COMPILED}'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert done.stdout.splitlines()[-1] == str(cache_directory() / f"compiled-{VERSION}")
