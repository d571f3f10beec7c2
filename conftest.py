"""Compiled code gets its place before any test imports it; fixtures are in tests/conftest.py."""

from stack.caches import place_compiled_code

place_compiled_code()
