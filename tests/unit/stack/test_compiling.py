"""What is said before compiling, and what compiling ahead leaves."""

import os
from pathlib import Path

import pytest

from stack.caches import COMPILED, place_compiled_code
from stack.compiling import SAID, is_cold, main, say_if_cold


def test_the_first_backtest_says_that_it_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(COMPILED, str(tmp_path))
    assert is_cold()
    say_if_cold()
    assert capsys.readouterr().err == f"{SAID}\n"
    (tmp_path / "columns_1").mkdir()
    (tmp_path / "columns_1" / "desk.step_rows-220.py311.nbi").touch()
    assert not is_cold()
    say_if_cold()
    assert capsys.readouterr().err == ""


def test_compiled_ahead_nothing_is_left_to_compile() -> None:
    place_compiled_code()
    main()
    assert not is_cold(), os.environ[COMPILED]
