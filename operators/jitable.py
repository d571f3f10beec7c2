"""Marks what the columnar loop compiles into itself; to everybody else it is plain Python.

The compiler is imported with `operators.columns` alone: a live flow needs none of its memory.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
MARKED: Final[list[Callable[..., Any]]] = []


def jitable(function: F) -> F:
    """Mark a function: arithmetic on numbers, which compiled code may call."""
    MARKED.append(function)
    return function
