"""Learning worked out again: every weight from outcomes, commands and settings alone.

Independent of the operators, like the auditor: plain JSON in, sums and rules by other means.
Rounding is part of the rule (docs/learning.md), so results are equal to the last millionth.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, NamedTuple

from connectors.market.calendar import new_york_sessions

WHOLE: Final = 1_000_000
EXACT: Final = 10**12
Body = dict[str, Any]
Sums = tuple[int, int, int, int]
Wanted = dict[str, tuple[int, int]]  # strategy -> reward, and the weight that the rule proposes


class Judged(NamedTuple):
    """A strategy at a cycle's end: weights and rewards in millionths."""

    old: int
    proposed: int
    new: int
    reward: int
    trades: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a run's log has of learning: (stamp, JSON) each, in order.

    Attributes:
        settings: the group `learning` of the run's parameters.
        names: of the strategies, in order.
        began: stamp of the run's first moment.
        until: how far time came.
    """

    settings: Mapping[str, Any]
    names: Sequence[str]
    began: int
    until: int
    outcomes: Sequence[tuple[int, Body]]
    commands: Sequence[tuple[int, Body]]
    adjustments: Sequence[Body]
    weights: Sequence[Body]


@dataclass(frozen=True, slots=True)
class Derived:
    """What learning comes to.

    Attributes:
        problem: the first recorded weight that is otherwise; None where all agree.
        cycles: that were judged; adjustments: compared; changes: weights that changed.
    """

    problem: str | None
    cycles: int
    adjustments: int
    changes: int


@dataclass(slots=True)
class _Game:
    """Where learning stands between two cycles."""

    weights: dict[str, int]
    trades: dict[str, int]
    history: list[dict[str, Sums]] = field(default_factory=list)
    levels: dict[str, int] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)
    heard: bool = False
    commands: set[str] = field(default_factory=set)


def rederive(recorded: Recorded) -> Derived:
    """Work every weight out again and compare it with what was recorded."""
    rule = recorded.settings["rule"]
    share, rest = divmod(WHOLE, len(recorded.names))
    first = {name: share + (n < rest) for n, name in enumerate(recorded.names)}
    seeds = {w["strategy"]: _ppm(w["new"]) for w in recorded.weights if w["reason"] == "seed"}
    if seeds != first:
        return Derived(f"first weights are {seeds}, not alike: {first}", 0, 0, 0)
    if rule == "fixed":
        moved = [w["id"] for w in recorded.weights if w["reason"] != "seed"]
        said = f"weights are fixed, and {moved[0]} changes one" if moved else None
        return Derived(said, 0, 0, 0)
    game = _Game(dict(first), dict.fromkeys(recorded.names, 0))
    game.levels = {name: weight * (EXACT // WHOLE) for name, weight in first.items()}
    told = {(a["strategy"], _stamp(a["cycle_end"])): a for a in recorded.adjustments}
    changed = {(w["strategy"], _stamp(w["effective_from"])): w for w in recorded.weights}
    judged = compared = changes = 0
    for begin, end, holds in _cycles(recorded):
        expected = _judge(game, recorded, begin, end)
        judged += game.heard
        for strategy, one in expected.items():
            compared += 1
            change = changed.pop((strategy, holds), None)
            changes += change is not None
            problem = _differing(strategy, end, one, told.pop((strategy, end), None), change)
            if problem:
                return Derived(problem, judged, compared, changes)
    left = [w["id"] for w in changed.values() if w["reason"] != "seed"]
    left += [a["id"] for a in told.values()]
    problem = f"{left[0]} follows from no cycle" if left else None
    return Derived(problem, judged, compared, changes)


def _cycles(recorded: Recorded) -> Iterable[tuple[int, int, int]]:
    """Return each cycle that was over: after which moment it begins, its last, when it holds."""
    ends, length = new_york_sessions().ends, int(recorded.settings["cycle_sessions"])
    number = bisect_left(ends, recorded.began) // length
    while (number + 2) * length <= len(ends):
        end = ends[(number + 1) * length - 1]
        if end >= recorded.until:
            return
        yield (
            (ends[number * length - 1] if number else -1),
            end,
            ends[(number + 2) * length - 1] + 1,
        )
        number += 1


def _judge(game: _Game, recorded: Recorded, begin: int, end: int) -> dict[str, Judged]:
    """Return each strategy as it is at the end of a cycle."""
    for stamp, command in recorded.commands:
        unheard = command["id"] not in game.commands
        if unheard and begin < stamp <= end and command["kind"].endswith("_strategy"):
            game.commands.add(command["id"])
            off = command["kind"] == "disable_strategy"
            (game.off.add if off else game.off.discard)(command["strategy"])
    sums: dict[str, Sums] = {}
    for stamp, outcome in recorded.outcomes:
        if not begin < stamp <= end:
            continue
        r = round(outcome["risk_adjusted_return"] * WHOLE)
        if outcome["revision"]:
            was = round(outcome["replaced_return"] * WHOLE)
            for credit in outcome["credits"]:
                name, part = credit["strategy"], round(credit["share"] * WHOLE)
                if name in game.trades:
                    a, b, c, d = sums.get(name, (0, 0, 0, 0))
                    more = abs(part) * (r * r - was * was)
                    sums[name] = (a + part * (r - was), b, c + more, d)
                    game.trades[name] += outcome["closes"] - outcome["replaced_closes"]
            continue
        for credit in outcome["credits"]:
            name, part = credit["strategy"], round(credit["share"] * WHOLE)
            if name in game.trades:
                a, b, c, d = sums.get(name, (0, 0, 0, 0))
                sums[name] = (a + part * r, b + abs(part), c + abs(part) * r * r, d + part * part)
                game.trades[name] += bool(outcome["closes"])
                game.heard = True
    if not game.heard:
        return {}  # nothing is judged before the first outcome
    wanted = (_ewma if recorded.settings["rule"] == "ewma" else _hedge)(
        game, sums, recorded.settings
    )
    new = _guarded(game, {name: weight for name, (_, weight) in wanted.items()}, recorded.settings)
    found = {
        name: Judged(game.weights[name], weight, new[name], reward, game.trades[name])
        for name, (reward, weight) in wanted.items()
    }
    game.weights = new
    return found


def _reward(parts: Sequence[tuple[float, Sums]]) -> int:
    gain, size, square = (math.fsum(d * s[i] for d, s in parts) for i in range(3))
    sizes = math.fsum(d * d * s[3] for d, s in parts)
    if size <= 0 or square <= 0 or sizes <= 0 or size * size / sizes <= 1.0:
        return WHOLE // 2
    q = min(1.0, max(-1.0, gain / math.sqrt(size * square)))
    z = q * math.sqrt(size * size / sizes - 1.0) / math.sqrt(1.0 - q * q / 2.0)
    return round(WHOLE * 0.5 * (1.0 + math.erf(z / math.sqrt(2.0))))


def _ewma(game: _Game, sums: dict[str, Sums], s: Mapping[str, Any]) -> Wanted:
    half = s["half_life_cycles"]
    game.history = [*game.history, sums][-math.ceil(10 * half) :]
    found = {}
    for name, weight in game.weights.items():
        aged = enumerate(reversed(game.history))
        parts = [(0.5 ** (age / half), c[name]) for age, c in aged if name in c]
        reward = _reward(parts[::-1])
        found[name] = reward, round((1.0 - s["rate"]) * weight + s["rate"] * reward)
    return found


def _hedge(game: _Game, sums: dict[str, Sums], s: Mapping[str, Any]) -> Wanted:
    rewards = {
        name: _reward([(1.0, sums[name])]) if name in sums else WHOLE // 2 for name in game.levels
    }
    grown = {
        name: level * math.exp(-s["eta"] * (WHOLE - rewards[name]) / WHOLE)
        for name, level in game.levels.items()
    }
    total = math.fsum(grown.values())
    parts = {
        name: (1.0 - s["share"]) * g / total + s["share"] * (1.0 / len(grown))
        for name, g in grown.items()
    }
    game.levels = {name: round(EXACT * part) for name, part in parts.items()}
    return {name: (rewards[name], round(WHOLE * part)) for name, part in parts.items()}


def _guarded(game: _Game, wanted: Mapping[str, int], s: Mapping[str, Any]) -> dict[str, int]:
    """Keep the guardrails: the nearest weights by the slopes of their sum, piece by piece."""
    shift, floor = round(s["max_shift"] * WHOLE), round(s["floor"] * WHOLE)
    free = [
        n for n in game.weights if n not in game.off and game.trades[n] >= s["min_trades"]
    ]  # fmt: skip
    if not free:
        return dict(game.weights)
    old = {n: game.weights[n] for n in free}
    have, asked = sum(old.values()), sum(wanted[n] for n in free)
    goal = {n: wanted[n] * have // asked if asked else old[n] for n in free}
    if max(abs(goal[n] - old[n]) for n in free) <= 1:
        goal = old
    low = {n: max(old[n] - shift, min(floor, old[n])) for n in free}
    high = {n: min(old[n] + shift, WHOLE) for n in free}

    def at(t: int) -> dict[str, int]:
        return {n: sorted((low[n], goal[n] - t, high[n]))[1] for n in free}

    breaks = sorted({goal[n] - bound[n] for n in free for bound in (low, high)})
    t = breaks[0]
    for left, right in pairwise(breaks):
        before, after = sum(at(left).values()), sum(at(right).values())
        if after >= have:
            t = right
            continue
        slope = Fraction(before - after, right - left)
        t = left + math.floor(Fraction(before - have) / slope)
        break
    found, lower = at(t), at(t + 1)
    extra = sum(found.values()) - have
    for n in free:
        if extra and found[n] > lower[n]:
            found[n], extra = found[n] - 1, extra - 1
    return {**game.weights, **found}


def _differing(
    strategy: str, end: int, expected: Judged, told: Body | None, change: Body | None
) -> str | None:
    where = f"{strategy} at the end of {datetime.fromtimestamp(end / 1e6, UTC):%F %T} UTC"
    if told is None:
        return f"{where} was not judged"
    old, new = expected.old, expected.new
    if (_ppm(told["old"]), _ppm(told["new"])) != (old, new):
        return (
            f"{where} goes from {told['old']} to {told['new']}, by its outcomes {_said(old, new)}"
        )
    for name in ("reward", "proposed"):
        if _ppm(told[name]) != (wanted := getattr(expected, name)):
            return f"{where} has {name} {told[name]}, by its outcomes {wanted / WHOLE}"
    if told["trades"] != expected.trades:
        return f"{where} has {told['trades']} trades, by its outcomes {expected.trades}"
    if (change is not None) != (old != new):
        return f"{where} goes {_said(old, new)}, and {'there is' if change else 'no'} change of it"
    if change is not None and (_ppm(change["old"]), _ppm(change["new"])) != (old, new):
        return f"{change['id']} has {change['old']} to {change['new']}, outcomes {_said(old, new)}"
    return None


def _said(old: int, new: int) -> str:
    return f"{old / WHOLE} to {new / WHOLE}"


def _ppm(weight: float) -> int:
    return round(weight * WHOLE)


def _stamp(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1e6)
