"""Strategies of one's own by name: which file is meant, and what it was when it was loaded."""

from hashlib import sha256
from pathlib import Path

import pytest

from connectors.user_strategies import (
    StrategyUnusable,
    own_strategies,
    see_that_unchanged,
    strategy_sources,
)
from operators.params import OwnParams, Params

SOURCE = """
from operators.strategies.base import Strategy

class {name}(Strategy):
    name = "mine"
    window = {window}

    def evaluate(self, ticker, market, sentiment):
        return None
"""


def mine(place: Path, window: int, name: str = "Mine") -> Path:
    place.mkdir(exist_ok=True)
    file = place / "mine.py"
    file.write_text(SOURCE.format(name=name, window=window))
    return file


def params(where: object) -> Params:
    return Params(own=OwnParams((str(where),)))


def test_a_source_is_known_by_its_file(tmp_path: Path) -> None:
    file = mine(tmp_path, 2)
    (source,) = strategy_sources(params(f"{file}:Mine"))
    assert (source.name, source.class_name) == ("mine", "Mine")
    assert source.digest == sha256(file.read_bytes()).hexdigest()
    assert source.where == f"{file}:Mine"
    copy = mine(tmp_path / "copy", 2)
    (elsewhere,) = strategy_sources(params(f"{copy}:Mine"))
    assert elsewhere.id == source.id
    assert elsewhere != source


def test_an_edited_file_is_loaded_again(tmp_path: Path) -> None:
    """Otherwise a process that stays up would run old code under the new code's id."""
    named = params(f"{mine(tmp_path, 2)}:Mine")
    (before,), (source,) = own_strategies(named), strategy_sources(named)
    assert own_strategies(named)[0] is before, "loaded once"
    mine(tmp_path, 1_000)
    (after,) = own_strategies(named)
    assert (before.window, after.window) == (2, 1_000)
    assert strategy_sources(named)[0].id != source.id


def test_a_relative_name_is_of_the_directory_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for window in (3, 50):
        mine(tmp_path / str(window), window)
        monkeypatch.chdir(tmp_path / str(window))
        assert own_strategies(params("mine.py:Mine"))[0].window == window


def test_a_modules_strategy_is_known_by_its_file_too() -> None:
    (source,) = strategy_sources(params("tests.own_examples:Breakout"))
    file = Path(__file__).parents[2] / "own_examples.py"
    assert source.digest == sha256(file.read_bytes()).hexdigest()
    (by_file,) = strategy_sources(params(f"{file}:Breakout"))
    assert by_file.id == source.id


def test_a_run_does_not_go_on_with_an_edited_strategy(tmp_path: Path) -> None:
    named = params(f"{mine(tmp_path, 2)}:Mine")
    then = strategy_sources(named)
    see_that_unchanged(named, then)
    see_that_unchanged(named, ())
    mine(tmp_path, 300)
    with pytest.raises(StrategyUnusable, match="bring the run down and up again"):
        see_that_unchanged(named, then)
    mine(tmp_path, 2)
    see_that_unchanged(named, then)
