"""Generated pages say what the code says."""

import importlib.util
import inspect
import pkgutil
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import operators
from operators.catalogue import CATALOGUE

ROOT = Path(__file__).resolve().parents[2]


def make_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "scripts/make_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name", ["../.env.example", "../api/openapi.json", "operators.md", "settings.md"]
)
def test_a_page_is_not_stale(name: str) -> None:
    expected = make_docs().PAGES[name]()
    found = (ROOT / "docs" / name).read_text()
    assert found == expected, "run `python scripts/make_docs.py`"


def test_every_operator_is_in_the_table() -> None:
    found = set()
    for info in pkgutil.walk_packages(operators.__path__, "operators."):
        for _, kind in inspect.getmembers(import_module(info.name), inspect.isclass):
            if hasattr(kind, "step") and kind.__module__ == info.name:
                found.add(kind.__name__)
    base = {"Operator", "Admission"}
    assert found - base == {e.operator.__name__ for e in CATALOGUE}
