"""Rules of the house that no tool checks."""

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
