"""Sources: none lets the engine wait for a time of the wall clock."""

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from bytewax.inputs import StatefulSourcePartition

import connectors
from connectors.steady_source import SteadyPartition

ROOT = Path(connectors.__path__[0])
for _file in sorted(ROOT.rglob("*.py")):
    if "bytewax.inputs" in _file.read_text():  # a class is known once its module is
        import_module(".".join(_file.relative_to(ROOT.parent).with_suffix("").parts))


def below(kind: type[Any]) -> set[type[Any]]:
    found = set[type[Any]]()
    for direct in kind.__subclasses__():
        found |= {direct, *below(direct)}
    return found


OURS = {k for k in below(StatefulSourcePartition) if k.__module__.startswith("connectors.")}


def test_there_are_sources() -> None:
    assert len(OURS - {SteadyPartition}) == 6


@pytest.mark.parametrize("kind", sorted(OURS - {SteadyPartition}, key=repr))
def test_a_source_is_always_due(kind: type[Any]) -> None:
    assert issubclass(kind, SteadyPartition)
    assert "next_awake" not in vars(kind)


def test_due_is_long_past() -> None:
    class Silent(SteadyPartition[int, None]):
        def next_batch(self) -> list[int]:
            return []

        def snapshot(self) -> None:
            return None

    assert Silent().next_awake() < datetime(2000, 1, 1, tzinfo=UTC)
