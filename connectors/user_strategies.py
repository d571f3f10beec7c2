"""Strategies of one's own, found by name: `package.module:Class` or `file.py:Class`."""

import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from connectors.files import sha256_of
from messages.errors import TidewireError
from messages.requests import StrategySource
from operators.params import STRATEGIES, Params
from operators.strategies.base import MAX_WINDOW, Strategy

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


class StrategyUnusable(TidewireError, ValueError):
    """A strategy of one's own cannot be used. Operator action: see the message."""


@cache
def _load(versions: tuple[tuple[str, str], ...]) -> tuple[Strategy, ...]:
    """Load strategies by name; the second of each pair makes an edited file another one."""
    names = tuple(where for where, _ in versions)
    found = tuple(_one(name) for name in names)
    taken = list(STRATEGIES)
    for where, strategy in zip(names, found, strict=True):
        if strategy.name in taken:
            reason = f"{where}: there is a strategy {strategy.name} already: give it another name."
            raise StrategyUnusable(reason)
        taken.append(strategy.name)
    return found


def own_strategies(params: Params) -> tuple[Strategy, ...]:
    """Return the strategies that parameters name, in their order.

    Each is loaded once a process, a file that was edited since once more.

    Raises:
        StrategyUnusable: one is not there, is no Strategy, or has no usable name or window.
    """
    return _load(tuple((where, _version(where)) for where in params.own.strategies))


def _version(where: str) -> str:
    """Return path and digest of a strategy's file; empty for a module's, which stays loaded."""
    file = Path(where.rpartition(":")[0])
    if file.suffix != ".py" or not file.is_file():
        return ""
    return f"{file.resolve()} {sha256_of(file)}"


def strategy_names(params: Params) -> tuple[str, ...]:
    """Return the names of all strategies: the built-in ones, then one's own."""
    return (*STRATEGIES, *(s.name for s in own_strategies(params)))


def described(params: Params) -> list[tuple[str, str]]:
    """Return name and description of each strategy of one's own."""
    return [(s.name, s.description) for s in own_strategies(params)]


def sources_of(params: Params) -> str:
    """Return SHA-256 over the files of one's own strategies; empty without any."""
    strategies: Sequence[Strategy] = own_strategies(params)
    files = sorted({Path(inspect.getfile(type(s))) for s in strategies})
    joined = b"\0".join(file.read_bytes() for file in files)
    return hashlib.sha256(joined).hexdigest() if files else ""


def strategy_sources(params: Params) -> tuple[StrategySource, ...]:
    """Return what each strategy of one's own is, as its file stands now, in their order.

    Raises:
        StrategyUnusable: one cannot be used.
    """
    return tuple(
        StrategySource(
            name=strategy.name, class_name=type(strategy).__name__,
            digest=sha256_of(Path(inspect.getfile(type(strategy)))), where=where,
        )
        for where, strategy in zip(params.own.strategies, own_strategies(params), strict=True)
    )  # fmt: skip


def see_that_unchanged(params: Params, known: tuple[StrategySource, ...]) -> None:
    """See that the strategies are those that a run was brought up with.

    Args:
        params: of the run.
        known: its strategies then; none: nothing is known of them.

    Raises:
        StrategyUnusable: a file has been edited since, or another one stands in its place.
    """
    if not known:
        return
    for before, now in zip(known, strategy_sources(params), strict=True):
        if before.id != now.id:
            reason = (
                f"{before.where} is not the strategy that the run was brought up with: bring the "
                "run down and up again to go on with what it is now."
            )
            raise StrategyUnusable(reason)


def _one(where: str) -> Strategy:
    place, _, name = where.rpartition(":")
    if not place or not name:
        reason = f"{where}: write package.module:Class or file.py:Class."
        raise StrategyUnusable(reason)
    module = _module(place, where)
    kind = getattr(module, name, None)
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        reason = f"{where}: {place} has no class {name} that is a Strategy."
        raise StrategyUnusable(reason)
    try:
        strategy = kind()
    except TypeError as error:
        reason = f"{where}: it cannot be made without arguments ({error})."
        raise StrategyUnusable(reason) from error
    if not NAME.fullmatch(getattr(strategy, "name", "")):
        reason = f"{where}: its name must be lower-case letters, digits and underscores."
        raise StrategyUnusable(reason)
    if not 1 <= strategy.window <= MAX_WINDOW:
        reason = f"{where}: its window must be from 1 to {MAX_WINDOW:,} bars."
        raise StrategyUnusable(reason)
    return strategy


def _module(place: str, where: str) -> Any:
    try:
        if not place.endswith(".py"):
            return importlib.import_module(place)
        file = Path(place).resolve(strict=True)
        name = f"own_strategy_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
        spec = importlib.util.spec_from_file_location(name, file)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]  # a .py file has one
        spec.loader.exec_module(module)  # type: ignore[union-attr]  # likewise
    except Exception as error:
        reason = f"{where}: it cannot be loaded ({type(error).__name__}: {error})."
        raise StrategyUnusable(reason) from error
    return module
