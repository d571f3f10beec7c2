"""Compiled code gets its place before any test imports it; fixtures are in tests/conftest.py."""

import pytest

from stack.caches import place_compiled_code

place_compiled_code()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that take minutes and little of the machine begin first, beside all others."""
    items.sort(key=lambda item: item.get_closest_marker("first") is None)
