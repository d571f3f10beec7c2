"""What the rules are worth where the truth is known: each world, many seeds, the real operator."""

import math
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal

from benchmarks.evidence.worlds import CYCLES, WORLDS, World, trades
from connectors.market.calendar import new_york_sessions
from messages.learning import WeightChange
from operators.blocks import Block, Event
from operators.learning.rules import Evidence, Hedge, regret_bound, reward_of
from operators.learning.weights import Weights, in_millionths
from operators.params import MILLION, LearningParams

RULES: Final = ("ewma", "hedge")
Rule = Literal["ewma", "hedge"]
T_95: Final = statistics.NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Path:
    """One rule in one world and seed.

    Attributes:
        worth: mean R multiple a trade, with the weights in force; equal: with equal ones;
            best: of the best strategy in hindsight, the best fixed weights.
        weights: strategy -> weight in force, cycle by cycle.
    """

    worth: float
    equal: float
    best: float
    weights: dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Found:
    """A rule over all seeds of a world.

    Attributes:
        gain: mean of worth less equal weights' worth, R a trade; low, high: its 95 % interval.
        of_best: share of the way from equal weights to the best in hindsight; None where the best
            is hardly better.
        within: share of seeds in which hedge's regret is within its bound; None for other rules.
        mean_weights: strategy -> mean weight, cycle by cycle.
    """

    world: World
    rule: str
    gain: float
    low: float
    high: float
    of_best: float | None
    within: float | None
    mean_weights: dict[str, list[float]]

    @property
    def problem(self) -> str | None:
        """Return what is wrong with it, or None."""
        if self.within is not None and self.within < 0.95:
            return f"{self.world.name}: hedge keeps its bound in {self.within:.1%} of seeds only"
        if self.world.learns and self.low <= 0.0:
            return (
                f"{self.world.name}: {self.rule} is not better than equal weights "
                f"({self.low:+.4f} .. {self.high:+.4f})"
            )
        return None


def walk(world: World, rule: Rule, seed: int) -> Path:
    """Let the real operator learn one world's trades."""
    names = tuple(world.means)
    sessions = new_york_sessions()
    first = sessions.number_of(sessions.ends[len(sessions.ends) // 2])
    weights = Weights(LearningParams(rule), sessions, names)
    held = {name: w / MILLION for name, w in weights.weights.items()}
    weights.begin(sessions.opens[first], [])
    coming: list[Event] = []
    told: dict[str, list[float]] = {name: [] for name in names}
    worth = equal = 0.0
    drawn = trades(world, seed)
    for cycle, made in enumerate(drawn):
        opening, end = sessions.opens[first + cycle], sessions.ends[first + cycle]
        for event in [e for e in coming if e.stamp <= opening]:
            body = event.body
            if isinstance(body, WeightChange):
                held[body.strategy] = body.new
        coming = [e for e in coming if e.stamp > opening]
        means = {name: statistics.fmean(rs) for name, rs in made.items()}
        worth += sum(held[name] * means[name] for name in names)
        equal += statistics.fmean(means.values())
        for name in names:
            told[name].append(held[name])
            for r in made[name]:
                weights.learn("", r, [(name, 1.0)], closes=True)
        out = weights.step(Block([], end + 2)).events
        coming += [e for e in out if isinstance(e.body, WeightChange)]
    totals = [statistics.fmean(statistics.fmean(c[name]) for c in drawn) for name in names]
    return Path(worth / CYCLES, equal / CYCLES, max(totals), told)


def regret(world: World, seed: int) -> tuple[float, float]:
    """Return hedge's regret by its own weights, and the bound on it."""
    params = LearningParams("hedge")
    names = tuple(world.means)
    held = in_millionths(dict.fromkeys(names, 1.0))
    rule = Hedge(params, held)
    mine, theirs = 0.0, dict.fromkeys(names, 0.0)
    drawn = trades(world, seed)
    for made in drawn:
        evidence = {name: _evidence(rs) for name, rs in made.items()}
        losses = {name: 1.0 - reward_of([(1.0, e)]) / MILLION for name, e in evidence.items()}
        mine += sum(held[name] / MILLION * loss for name, loss in losses.items())
        theirs = {name: theirs[name] + loss for name, loss in losses.items()}
        held = rule.propose(held, evidence).weights
    return mine - min(theirs.values()), regret_bound(
        params.eta, params.share, len(names), len(drawn)
    )


def run(seeds: int, jobs: int = 2) -> list[Found]:
    """Run every rule in every world."""
    found = []
    with ProcessPoolExecutor(jobs) as pool:
        for world in range(len(WORLDS)):
            for rule in RULES:
                asked = [(world, rule, seed) for seed in range(seeds)]
                paths = list(pool.map(_walk, asked, chunksize=8))
                kept = list(pool.map(_kept, asked, chunksize=8)) if rule == "hedge" else []
                found.append(_found(WORLDS[world], rule, paths, kept))
    return found


def run_here(seeds: int, worlds: Sequence[World] = WORLDS) -> list[Found]:
    """Do the same in this process, for tests that plant an error."""
    return [
        _found(world, rule, [walk(world, rule, seed) for seed in range(seeds)], [])
        for world in worlds for rule in RULES
    ]  # fmt: skip


def _walk(asked: tuple[int, Rule, int]) -> Path:
    world, rule, seed = asked
    return walk(WORLDS[world], rule, seed)


def _kept(asked: tuple[int, Rule, int]) -> bool:
    lost, bound = regret(WORLDS[asked[0]], asked[2])
    return lost <= bound


def _found(world: World, rule: str, paths: Sequence[Path], kept: Sequence[bool]) -> Found:
    gains = [path.worth - path.equal for path in paths]
    gain, spread = statistics.fmean(gains), statistics.stdev(gains) / math.sqrt(len(gains))
    room = statistics.fmean(path.best - path.equal for path in paths)
    mean_weights = {
        name: [statistics.fmean(p.weights[name][c] for p in paths) for c in range(CYCLES)]
        for name in world.means
    }
    return Found(
        world, rule, gain, gain - T_95 * spread, gain + T_95 * spread,
        gain / room if world.learns and room > 0.005 else None,
        sum(kept) / len(kept) if kept else None, mean_weights,
    )  # fmt: skip


def _evidence(rs: Sequence[float]) -> Evidence:
    found = Evidence()
    for r in rs:
        found.add(MILLION, round(r * MILLION))
    return found
