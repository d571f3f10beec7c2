"""Every error of the program has one root, a code of its own, and says what to do."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import connectors
import flows
import messages
import operators
import stack
from messages.errors import TidewireError
from stack.cli import main

ROOMS: tuple[ModuleType, ...] = (messages, operators, connectors, flows, stack)
SKIPPED = ("connectors.storage.migrations", "connectors.storage.people_migrations")
# Raised and caught within the program: one record, one answer of a model or of a feed.
INSIDE = {"UNREADABLE", "TIER_FAILED", "FEED_FAILED", "NOT_ACCOUNTED", "STOPPED_WITHOUT_DATABASE"}


def every_error() -> list[type[TidewireError]]:
    for room in ROOMS:
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not module.name.startswith(SKIPPED):
                importlib.import_module(module.name)
    return sorted(set(_below(TidewireError)), key=lambda e: e.code)


def _below(kind: type[TidewireError]) -> Iterator[type[TidewireError]]:
    for sub in kind.__subclasses__():
        if sub.__module__.split(".")[0] in {r.__name__ for r in ROOMS}:
            yield sub
            yield from _below(sub)


ERRORS = every_error()


def test_codes_are_unique() -> None:
    codes = [e.code for e in ERRORS]
    assert len(codes) == len(set(codes)) > 25
    assert "ARCHIVE_DAMAGED" in codes


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: e.code)
def test_each_says_what_to_do(error: type[TidewireError]) -> None:
    doc = error.__doc__ or ""
    assert error.code in INSIDE or "Operator action:" in doc, "say what the reader is to do"
    assert error.code in INSIDE or error.what_to_do.endswith((".", ").")), error.what_to_do


def test_the_tree_in_the_docstring_names_each(pytestconfig: pytest.Config) -> None:
    tree = importlib.import_module("messages.errors").__doc__ or ""
    assert [e.__name__ for e in ERRORS if e.__name__ not in tree] == []


def test_no_exception_stands_beside_the_root() -> None:
    beside = []
    for room in ROOMS:
        for file in Path(room.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ClassDef):
                    bases = {ast.unparse(b) for b in node.bases}
                    wild = {b for b in bases if b.endswith(("Error", "Exception"))}
                    ours = {"TidewireError", *(e.__name__ for e in ERRORS)}
                    if wild and not bases & ours and node.name != "TidewireError":
                        beside.append(f"{file.name}:{node.name}")
    assert beside == []


def test_a_person_meets_the_text_and_nothing_else(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    missing = tmp_path / "no.parquet"
    assert main(["backtest", "--bars", str(missing), "--home", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("tidewire: ")
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_a_new_error_takes_its_code_from_its_name_or_keeps_a_given_one() -> None:
    class MoonTooBright(TidewireError):
        """The moon shines. Operator action: draw the curtain."""

    class StarTooBright(MoonTooBright, code="OLD_NAME"):
        """A star shines."""

    assert (MoonTooBright.code, MoonTooBright.what_to_do) == (
        "MOON_TOO_BRIGHT",
        "draw the curtain.",
    )
    assert (StarTooBright.code, StarTooBright.what_to_do) == ("OLD_NAME", "draw the curtain.")
