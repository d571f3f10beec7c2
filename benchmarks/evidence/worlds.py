"""Markets with known truth: what each strategy is worth in each cycle, and trades drawn from it.

The R multiple of a trade is its strategy's mean of the cycle plus noise of deviation 1; means are
of the size of a good strategy's (0.1 is a Sharpe ratio of a trade of 0.1).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

CYCLES: Final = 250
TRADES: Final = 12  # of each strategy in a cycle
GOOD, BAD = 0.10, -0.10
Mean = Callable[[int], float]


def always(mean: float) -> Mean:
    """Return a strategy that stays as it is."""
    return lambda _cycle: mean


def decaying(cycle: int) -> float:
    """Return a strategy that loses its edge over the first half, and then costs money."""
    return GOOD - (GOOD - BAD) * min(1.0, 2 * cycle / CYCLES)


def until(change: int, before: float, after: float) -> Mean:
    """Return a strategy whose worth changes at a cycle."""
    return lambda cycle: before if cycle < change else after


@dataclass(frozen=True, slots=True)
class World:
    """One scenario.

    Attributes:
        name: in a few words.
        means: strategy -> its mean R multiple in a cycle.
        learns: learning is expected to be worth something here.
    """

    name: str
    means: dict[str, Mean]
    learns: bool


WORLDS: Final = (
    World("one good", {"good": always(GOOD), "noise": always(0.0), "bad": always(BAD)}, True),
    World(
        "one decays", {"decaying": decaying, "noise": always(0.0), "good": always(GOOD / 2)}, True
    ),
    World(
        "regime change",
        {
            "first": until(CYCLES // 2, GOOD, BAD), "second": until(CYCLES // 2, BAD, GOOD),
            "noise": always(0.0),
        },
        True,
    ),
    World("noise", {name: always(0.0) for name in ("a", "b", "c")}, False),
)  # fmt: skip


def trades(world: World, seed: int) -> list[dict[str, list[float]]]:
    """Return, cycle by cycle, the R multiples of each strategy's trades."""
    draw = random.Random(f"{world.name} {seed}")  # noqa: S311 - a simulation, not a secret
    return [
        {
            name: [mean(cycle) + draw.gauss(0.0, 1.0) for _ in range(TRADES)]
            for name, mean in world.means.items()
        }
        for cycle in range(CYCLES)
    ]
