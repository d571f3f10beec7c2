"""The table of commands: one module each, and only the one asked for is imported."""

import argparse
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import stack.commands
from stack.cli import COMMANDS, main, module_of, parser

ROOT = Path(__file__).resolve().parents[3]


def test_a_module_that_can_run_is_a_command() -> None:
    names = [m.name for m in pkgutil.iter_modules(stack.commands.__path__)]
    able = {n for n in names if hasattr(import_module(f"stack.commands.{n}"), "run")}
    assert able == {name.replace("-", "_") for name in COMMANDS}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_tells_its_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert (module_of(name).__doc__ or "").startswith(f"`tidewire {name}")
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    text = capsys.readouterr().out
    assert f"tidewire {name}" in text
    assert "--home" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_a_default_is_something_that_may_be_said(name: str) -> None:
    """Argparse reads a default that is text as if it had been typed."""
    for each in _with_those_below(parser(name)):
        for action in each._actions:
            if isinstance(action.default, str) and callable(action.type):
                assert action.type(action.default) is not None, action.option_strings


def _with_those_below(top: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield top
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _with_those_below(below)


def test_help_lists_every_command_and_imports_none() -> None:
    probe = (
        "import sys\n"
        "from stack.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "print([m for m in sys.modules if m.startswith('stack.commands')])\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")
    assert [name for name in COMMANDS if f"\n    {name}" not in done.stdout] == []


@pytest.mark.parametrize(
    ("command", "heavy"),
    [
        ("backtest", ("alembic", "bytewax", "confluent_kafka", "feedparser", "rich", "sqlalchemy")),
        ("flow", ("alembic", "feedparser", "sqlalchemy", "stack.runtime", "stack.servers")),
        ("api", ("bytewax", "numba", "pyarrow")),
        ("version", ("bytewax", "numba", "sqlalchemy")),
    ],
)
def test_a_command_imports_only_what_it_needs(command: str, heavy: tuple[str, ...]) -> None:
    probe = f"import sys; from stack.cli import parser; parser({command!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert set(heavy) & set(done.stdout.split()) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["archive", "export", "--run", "live", "bundle.zip"],
        ["archive", "export", "bundle.zip", "--run", "live"],
    ],
)
def test_a_file_may_stand_behind_options(arguments: list[str]) -> None:
    from stack.cli import _parse

    assert _parse(arguments).file == Path("bundle.zip")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: COMMAND"),
        (["tomorrow"], "invalid choice: 'tomorrow'"),
        (["version", "--tomorrow"], "unrecognized arguments: --tomorrow"),
        (["archive", "ls", "a", "b"], "unrecognized arguments: b"),
    ],
)
def test_what_is_no_command(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert words in capsys.readouterr().err


def test_a_parser_may_be_of_some_commands_only() -> None:
    assert parser("down").parse_args(["down", "--home", "x"]).home == "x"


def test_whoever_reads_may_go_when_they_have_seen_enough() -> None:
    program = [sys.executable, "-m", "stack.cli", "version"]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        said = child.stderr.read()
        assert (child.wait(), said) == (141, b"")
