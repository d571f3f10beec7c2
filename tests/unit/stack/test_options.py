"""Options that several commands share: numbers with a least value, files that can be written."""

from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from flows.backtest.options import CannotBacktest
from stack.cli import main
from stack.commands.options import at_least, writable
from stack.commands.sweep import axis_of
from stack.errors import StackError


@pytest.mark.parametrize(("text", "least"), [("0", 0), ("7", 7), ("12", 1)])
def test_a_number_that_is_large_enough(text: str, least: int) -> None:
    assert at_least(least)(text) == int(text)


@pytest.mark.parametrize(("text", "least"), [("-3", 0), ("6", 7), ("x", 0), ("1.5", 0), ("", 0)])
def test_a_number_that_is_not(text: str, least: int) -> None:
    with pytest.raises(ArgumentTypeError, match=f"at least {least}"):
        at_least(least)(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ("sweep", "--random", "-3"), ("sweep", "--jobs", "-1"), ("sweep", "--limit", "-1"),
        ("demo", "--pace", "-1"), ("backtest", "--capital", "0"), ("replay", "--block", "-1"),
    ],
)  # fmt: skip
def test_every_command_says_so(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "use a whole number of at least" in capsys.readouterr().err


def test_a_file_to_write_is_looked_at_first(tmp_path: Path) -> None:
    assert writable("--report", tmp_path / "x.html") == tmp_path / "x.html"
    with pytest.raises(StackError, match="is a directory: name a file in it"):
        writable("--report", tmp_path)
    with pytest.raises(StackError, match=r"there is no directory .*; make it first"):
        writable("--report", tmp_path / "no" / "x.html")


@pytest.mark.parametrize("text", ["10:5:1", "10:20:0", "a:b:c"])
def test_an_axis_without_a_value_is_refused(text: str) -> None:
    with pytest.raises(CannotBacktest, match="write FIRST:LAST:STEP"):
        axis_of(f"momentum.window={text}")
