"""The rules by which weights follow rewards, behind one seam.

A reward is a number from 0 to 1, 0.5 for neither gain nor loss: the probability that what a
strategy was credited with has a mean above 0 (the probabilistic Sharpe ratio of D. H. Bailey and
M. Lopez de Prado, 2012, against 0 and for normal returns). Of outcomes with shares s of the credit
and R multiples R, each counted w = d |s| times, where d fades with its age,

    q = sum(d s R) / sqrt(sum(w) x sum(w R^2))      the mean over the root mean square
    n = sum(w)^2 / sum(w^2)                         how many they count as (L. Kish, 1965)
    reward = Phi(q sqrt(n - 1) / sqrt(1 - q^2 / 2))

where Phi is the normal distribution and q = S / sqrt(1 + S^2) for the Sharpe ratio S of a trade.
Below two outcomes, or where all were 0, it is 0.5. Sums are exact integers, so they do not depend
on the order; rewards are rounded to a millionth. Nothing here is compiled.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Annotated, Final, NamedTuple, Protocol

from msgspec import Meta

from operators.params import MILLION, LearningParams
from operators.states import State

NORMAL: Final = NormalDist()
EVEN: Final = MILLION // 2  # the reward of neither gain nor loss
HALF_LIVES: Final = 10  # cycles older than so many half-lives are forgotten: under 0.1 %
LEVEL: Final = 10**12  # hedge's own weights are whole parts of it


@dataclass(slots=True)
class Evidence:
    """Exact sums over outcomes: of s R, |s|, |s| R^2 and s^2, with s and R in millionths."""

    gain: int = 0
    size: int = 0
    square: int = 0
    sizes: int = 0

    def add(self, share: int, r: int) -> None:
        """Take one more outcome."""
        size = abs(share)
        self.gain += share * r
        self.size += size
        self.square += size * r * r
        self.sizes += size * size

    def revise(self, share: int, old: int, new: int) -> None:
        """Take an outcome's R multiple being another than it was."""
        self.gain += share * (new - old)
        self.square += abs(share) * (new * new - old * old)

    @property
    def words(self) -> "Sums":
        """Return the sums as digits, the form in which a state keeps them."""
        return str(self.gain), str(self.size), str(self.square), str(self.sizes)

    @classmethod
    def of(cls, words: "Sums") -> "Evidence":
        """Return what `words` returned."""
        return cls(*map(int, words))


Digits = Annotated[str, Meta(pattern=r"^-?[0-9]{1,60}\Z")]
Sums = tuple[
    Digits, Digits, Digits, Digits
]  # they outgrow the 64 bits that JSON's readers agree on


class RuleState(State):
    """What a rule remembers.

    Attributes:
        cycles: of `ewma`: strategy -> evidence, cycle by cycle, the oldest first.
        levels: of `hedge`: strategy -> its own weight before the guardrails, parts of LEVEL.
    """

    cycles: list[dict[str, Sums]]
    levels: dict[str, int]


class Proposal(NamedTuple):
    """What a rule makes of a cycle: weights and rewards by strategy, millionths."""

    weights: dict[str, int]
    rewards: dict[str, int]


class Rule(Protocol):
    """A way from evidence to weights."""

    def propose(self, weights: Mapping[str, int], evidence: Mapping[str, Evidence]) -> Proposal:
        """Take a cycle's evidence; returns what the weights should be, before the guardrails."""
        ...

    def snapshot(self) -> RuleState:
        """Return what it remembers."""
        ...


def reward_of(parts: Sequence[tuple[float, Evidence]]) -> int:
    """Return a reward in millionths.

    Args:
        parts: (how often it counts, evidence) each.
    """
    gain = math.fsum(d * e.gain for d, e in parts)
    size = math.fsum(d * e.size for d, e in parts)
    square = math.fsum(d * e.square for d, e in parts)
    sizes = math.fsum(d * d * e.sizes for d, e in parts)
    if size <= 0.0 or square <= 0.0 or sizes <= 0.0 or (n := size * size / sizes) <= 1.0:
        return EVEN
    q = max(-1.0, min(1.0, gain / math.sqrt(size * square)))
    return round(MILLION * NORMAL.cdf(q * math.sqrt(n - 1.0) / math.sqrt(1.0 - q * q / 2.0)))


class Ewma:
    """new = (1 - rate) x old + rate x reward, the reward over all cycles, the recent ones most.

    A cycle counts half as much after each half-life. The result is normalised, so that at rest
    weights are in proportion to rewards.
    """

    def __init__(self, params: LearningParams, state: RuleState | None = None) -> None:
        """Start without a memory, or from a snapshot."""
        self._rate, self._half_life = params.rate, params.half_life_cycles
        self._keep = math.ceil(HALF_LIVES * params.half_life_cycles)
        self._cycles = [
            {s: Evidence.of(w) for s, w in cycle.items()}
            for cycle in (state.cycles if state else ())
        ]

    def propose(self, weights: Mapping[str, int], evidence: Mapping[str, Evidence]) -> Proposal:
        """Move each weight towards its reward."""
        self._cycles.append(dict(evidence))
        del self._cycles[: -self._keep]
        last = len(self._cycles) - 1
        fading = [0.5 ** ((last - n) / self._half_life) for n in range(len(self._cycles))]
        rewards = {
            s: reward_of([(d, c[s]) for d, c in zip(fading, self._cycles, strict=True) if s in c])
            for s in weights
        }
        new = {
            s: round((1.0 - self._rate) * w + self._rate * rewards[s]) for s, w in weights.items()
        }
        return Proposal(new, rewards)

    def snapshot(self) -> RuleState:
        """Return the cycles' evidence."""
        cycles = [{s: e.words for s, e in cycle.items()} for cycle in self._cycles]
        return RuleState(cycles=cycles, levels={})


class Hedge:
    """Exponential weights with fixed share (M. Herbster and M. Warmuth, 1998).

    A strategy's loss in a cycle is 1 - reward, of the cycle's outcomes alone. Each cycle

        v = w x exp(-eta x loss);  w = (1 - a) x v / sum(v) + a / n

    For n strategies, T cycles and losses within 0 .. 1, the sum of the weighted mean losses is at
    most that of the best strategy in hindsight, plus

        (ln n + (T - 1) x ln(1 / (1 - a + a / n))) / eta  +  eta x T / 8

    (N. Cesa-Bianchi and G. Lugosi, Prediction, Learning, and Games, 2006, chapters 2 and 5), and
    against the best sequence of strategies with m changes it is that with m x ln(n / a) more over
    eta. The bound is that of the rule; the guardrails slow it down.
    """

    def __init__(
        self, params: LearningParams, weights: Mapping[str, int], state: RuleState | None = None
    ) -> None:
        """Start with the first weights, or from a snapshot."""
        self._eta, self._share = params.eta, params.share
        scale = LEVEL // MILLION
        self._levels = dict(state.levels if state else {s: w * scale for s, w in weights.items()})

    def propose(self, weights: Mapping[str, int], evidence: Mapping[str, Evidence]) -> Proposal:
        """Multiply by the losses, deal out the fixed share."""
        rewards = {s: reward_of([(1.0, evidence[s])]) if s in evidence else EVEN for s in weights}
        took_part = {s: level for s, level in self._levels.items() if level}
        grown = {
            s: level * math.exp(-self._eta * (MILLION - rewards[s]) / MILLION)
            for s, level in took_part.items()
        }
        total, even = math.fsum(grown.values()), 1.0 / len(grown)
        parts = {s: (1.0 - self._share) * g / total + self._share * even for s, g in grown.items()}
        self._levels = {s: round(LEVEL * parts.get(s, 0.0)) for s in self._levels}
        return Proposal({s: round(MILLION * parts.get(s, 0.0)) for s in weights}, rewards)

    def snapshot(self) -> RuleState:
        """Return the rule's own weights."""
        return RuleState(cycles=[], levels=dict(self._levels))


def regret_bound(eta: float, share: float, strategies: int, cycles: int) -> float:
    """Return how much more `Hedge` may lose than the best strategy in hindsight; see there."""
    stay = 1.0 - share + share / strategies
    prior = math.log(strategies) + (cycles - 1) * math.log(1.0 / stay)
    return prior / eta + eta * cycles / 8.0


def rule_of(
    params: LearningParams, weights: Mapping[str, int], state: RuleState | None = None
) -> Rule | None:
    """Return the rule of the parameters; None where weights are fixed."""
    if params.rule == "fixed":
        return None
    return Ewma(params, state) if params.rule == "ewma" else Hedge(params, weights, state)
