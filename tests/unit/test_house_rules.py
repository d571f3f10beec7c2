"""Rules of the house that no tool checks."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("messages", "operators", "connectors", "flows", "api", "stack", "benchmarks", "tests")
FILES = [f for room in ROOMS for f in (ROOT / room).rglob("*.py") if "versions" not in f.parts]


def test_no_sink_that_recovery_does_not_wait_for() -> None:
    """A DynamicSink neither delays an epoch's commit nor holds the flow back: it loses data."""
    for file in FILES:
        if file != Path(__file__):
            assert "DynamicSink" not in file.read_text(), f"{file}: use a FixedPartitionedSink"


def test_no_clock_of_the_engine_decides() -> None:
    for file in FILES:
        text = file.read_text()
        assert file == Path(__file__) or not re.search(r"EventClock|op\.(merge|join)\b", text), file


def test_files_stay_small() -> None:
    sizes = {f: len(f.read_text().splitlines()) for f in FILES}
    assert {f: n for f, n in sizes.items() if n > 400} == {}
    ours = sorted(n for f, n in sizes.items() if "tests" not in f.parts)
    assert ours[len(ours) // 2] <= 120


def test_kafka_holds_no_python() -> None:
    assert not list((ROOT / "kafka").rglob("*.py"))


def test_nothing_in_a_test_is_decided_by_a_sleep() -> None:
    """A test waits for a condition (`tests/waiting.py`), so a slow machine cannot fail it."""
    for file in (ROOT / "tests").rglob("*.py"):
        if file != ROOT / "tests/waiting.py":
            assert not sleeps(ast.parse(file.read_text())), f"{file}: use tests.waiting"


def sleeps(tree: ast.AST) -> bool:
    """Tell whether a module calls or imports `time.sleep`."""
    return any(
        (isinstance(n, ast.Attribute) and n.attr == "sleep")
        or (isinstance(n, ast.ImportFrom) and any(a.name == "sleep" for a in n.names))
        for n in ast.walk(tree)
    )


def test_the_rule_about_sleeps_sees_them() -> None:
    assert sleeps(ast.parse("import time as t; t.sleep(1)"))
    assert sleeps(ast.parse("from time import sleep"))
    assert not sleeps(ast.parse("import time; time.monotonic()"))


def test_whoever_decodes_bytes_catches_all_that_msgspec_raises() -> None:
    """`DecodeError` alone lets bytes that are no UTF-8, or nested too deeply, end a process."""
    for file in FILES:
        if "tests" not in file.parts and file != ROOT / "messages/errors.py":
            assert "msgspec.DecodeError" not in file.read_text(), f"{file}: catch UNDECODABLE"


# Where the environment may be read below stack: settings; and a variable that a library reads.
READS_THE_ENVIRONMENT = {"connectors/settings.py", "connectors/sentiment/finbert.py"}
BELOW_STACK = ("messages", "operators", "connectors", "flows", "api")


def test_nothing_below_stack_knows_of_command_lines_or_settings_or_the_environment() -> None:
    """A run and a request are values: what a flow does must not depend on who starts it."""
    found = {
        (name, what)
        for room in BELOW_STACK
        for file in (ROOT / room).rglob("*.py")
        if (name := str(file.relative_to(ROOT))) not in READS_THE_ENVIRONMENT
        for what in outer_things(ast.parse(file.read_text()))
    }
    assert found == set()


def outer_things(tree: ast.AST) -> set[str]:
    """Return which of command lines, settings and the environment a module takes in."""
    found = set()
    for node in ast.walk(tree):
        names: set[str] = set()
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {str(node.module), *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Attribute):
            names = {node.attr}
        elif isinstance(node, ast.Name):
            names = {node.id}
        found |= names & {
            "argparse", "Namespace", "load_settings", "connectors.settings", "environ", "getenv",
        }  # fmt: skip
    return found


def test_the_rule_about_outer_things_sees_them() -> None:
    for text in (
        "import argparse", "from argparse import Namespace as N", "import os\nos.environ['X']",
        "from os import environ", "import os as o\no.getenv('X')",
        "from connectors.settings import load_settings as ls", "import connectors.settings as s",
    ):  # fmt: skip
        assert outer_things(ast.parse(text)), text
    assert not outer_things(ast.parse("import os\nos.replace(a, b)"))
