"""Names that sources give settings: a misspelt one is found, with the one that was meant."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

PREFIX: Final = "TIDEWIRE_"
# Read from the environment by what needs them before any setting is read.
OUTSIDE: Final = frozenset({"TIDEWIRE_CONFIG", "TIDEWIRE_POSTGRES_BIN"})
OF_TESTS: Final = ("TIDEWIRE_TEST_", "TIDEWIRE_REWRITE_")


def unknown_variable(
    names: Iterable[str], groups: Mapping[str, Iterable[str]], *, environment: bool
) -> str:
    """Return why one of a source's variables is no setting; empty where all are.

    Args:
        names: of all variables of the source, others' included; case does not count.
        groups: group -> names of its settings; "" -> those of no group.
        environment: it is the environment, and not a file that only settings are read from.
    """
    known = [
        PREFIX + (f"{group}__{name}" if group else name).upper()
        for group, inner in groups.items() for name in inner
    ]  # fmt: skip
    whole = {PREFIX + group.upper() for group in groups if group}
    for name in sorted(n.upper() for n in names):
        if not name.startswith(PREFIX) or name in known or name in whole:
            continue
        if name in OUTSIDE or name.startswith(OF_TESTS):
            if environment:
                continue
            return f"{name} is read from the environment only: set it there."
        return _meant(name, known)
    return ""


def unknown_key(values: Mapping[str, Any], groups: Mapping[str, Iterable[str]]) -> str:
    """Return why a key of nested values, such as a TOML file's, is no setting; empty if all are."""
    top = {*groups.get("", ()), *(group for group in groups if group)}
    every = [*groups.get("", ()), *(f"{g}.{n}" for g, inner in groups.items() if g for n in inner)]
    for name, value in values.items():
        if name not in top:
            return _meant(name, every)
        if name in groups and isinstance(value, Mapping):
            for inner in value:
                if inner not in groups[name]:
                    return _meant(f"{name}.{inner}", every)
    return ""


def _meant(name: str, known: list[str]) -> str:
    short = {k.removeprefix(PREFIX): k for k in known}
    near = [short[k] for k in get_close_matches(name.removeprefix(PREFIX), short, 1, 0.6)]
    if not near:  # a name without its group, or in another's
        last = name.replace("__", ".").rsplit(".", 1)[-1].lower()
        near = [k for k in known if k.replace("__", ".").rsplit(".", 1)[-1].lower() == last][:1]
    meant = f"did you mean {near[0]}?" if near else "docs/settings.md has them all."
    return f"{name} is no setting: {meant} Correct it or take it out."
