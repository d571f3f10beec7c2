"""Rules of the house that no tool checks."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("messages", "operators", "connectors", "flows", "stack", "benchmarks", "tests")
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
