"""Weights: outcomes in, the strategies' weights out, once a cycle, within the guardrails.

At the end of a cycle each strategy gets a reward from the outcomes up to there, a rule proposes new
weights (`operators.learning.rules`), and the guardrails are kept by a projection:

- a strategy with fewer than `min_trades` closed round trips, or one that is switched off, keeps its
  weight;
- no weight moves by more than `max_shift` in a cycle, or falls below `floor` (one that begins below
  it falls no further);
- the weights sum to exactly 1,000,000 millionths.

The change holds from the end of the next cycle on (`operators.learning.cycles`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from messages.base import make_id
from messages.control import Command, RunStarted
from messages.errors import TidewireError
from messages.learning import Guardrail, LearningAdjustment, TradeOutcome, WeightChange
from messages.units import to_datetime, to_micros
from operators.blocks import Block, Event
from operators.learning.cycles import Cycles
from operators.learning.projection import project
from operators.learning.rules import Evidence, Rule, RuleState, Sums, rule_of
from operators.params import MILLION, LearningParams
from operators.states import State
from operators.strategies.switches import Switches
from operators.trading.sessions import NEVER, SessionTable

SEED: Final = "seed"
PARTS: Final = MILLION  # of a share and of an R multiple


class LearningImpossible(TidewireError, ValueError):
    """The settings of learning contradict each other. Operator action: see the message."""


class WeightsState(State):
    """What learning remembers.

    Attributes:
        started: the first weights were given out.
        heard: there was an outcome; cycles before the first one are not judged.
        weights: strategy -> weight as last decided, millionths; coming ones included.
        trades: strategy -> closed round trips that it has had credit for.
        disabled: strategies that are switched off, in order.
        commands: ids of the commands taken, sorted.
        evidence: strategy -> sums over the outcomes of the cycle under way.
        cited: strategy -> ids of these outcomes, in order.
        due: when the cycle under way is over; NEVER before the run began.
        rule: what the rule remembers.
    """

    started: bool
    heard: bool
    weights: dict[str, int]
    trades: dict[str, int]
    disabled: list[str]
    commands: list[str]
    evidence: dict[str, Sums]
    cited: dict[str, list[str]]
    due: int
    rule: RuleState


class Bounded(NamedTuple):
    """New weights, and what bound each of them."""

    weights: dict[str, int]
    guardrails: dict[str, Guardrail]


def in_millionths(weights: Mapping[str, float]) -> dict[str, int]:
    """Return weights in proportion, as whole millionths that sum to 1,000,000.

    Each is rounded down; the largest remainders, the first of equals, get one more.

    Raises:
        LearningImpossible: they are all 0.
    """
    total = sum(weights.values())
    if total <= 0:
        reason = "All weights are 0: give one strategy a weight."
        raise LearningImpossible(reason)
    exact = {name: weight / total * MILLION for name, weight in weights.items()}
    found = {name: int(part) for name, part in exact.items()}
    short = MILLION - sum(found.values())
    for name in sorted(exact, key=lambda n: found[n] - exact[n])[:short]:
        found[name] += 1
    return found


def see_that_possible(params: LearningParams, weights: Mapping[str, int]) -> None:
    """See that weights can keep the guardrails.

    A first weight below the floor is no contradiction: it falls no further, and rises with others.

    Args:
        params: of learning.
        weights: the first ones, millionths; strategies without one take no part.

    Raises:
        LearningImpossible: they cannot all weigh as much as the floor.
    """
    count = sum(weight > 0 for weight in weights.values())
    if params.rule != "fixed" and round(params.floor * MILLION) * count > MILLION:
        reason = (
            f"{count} strategies cannot all weigh {params.floor:g} or more: lower "
            "TIDEWIRE_LEARNING__FLOOR, name fewer strategies, or leave weights as they are with "
            "the rule `fixed`."
        )
        raise LearningImpossible(reason)


class Weights:
    """Outcomes and commands in; adjustments and weight changes beside them out.

    A `WeightChange` is stamped with the moment from which it holds: its topic is a cycle ahead.
    """

    def __init__(
        self, params: LearningParams, sessions: SessionTable, names: Sequence[str],
        state: WeightsState | None = None, first: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        """Start with the first weights, or from a snapshot.

        Args:
            params: of learning.
            sessions: of the market.
            names: of the strategies, in order.
            state: a snapshot.
            first: strategy -> first weight, in proportion; None: all alike.

        Raises:
            LearningImpossible: the weights cannot keep the guardrails.
        """
        self._params, self._cycles = params, Cycles(sessions, params.cycle_sessions)
        given = (
            dict.fromkeys(names, 1.0) if first is None else {n: first.get(n, 0.0) for n in names}
        )
        self.weights = dict(state.weights) if state else in_millionths(given)
        if state is None:
            see_that_possible(params, self.weights)
        self._names = list(self.weights)
        self._rule: Rule | None = rule_of(params, self.weights, state.rule if state else None)
        self._started = state.started if state else False
        self._heard = state.heard if state else False
        self._trades = dict(state.trades) if state else dict.fromkeys(self._names, 0)
        self._switches = Switches(state.disabled, state.commands) if state else Switches()
        self._evidence = {s: Evidence.of(w) for s, w in (state.evidence if state else {}).items()}
        self._cited = {s: list(ids) for s, ids in (state.cited if state else {}).items()}
        self._due = state.due if state else NEVER

    def step(self, block: Block) -> Block:
        """Take the next batch; what is due at a cycle's end comes before what is after it."""
        out: list[Event] = []
        for event in block.events:
            if event.stamp >= self._due:
                self._pass_time(event.stamp, out)
            body = event.body
            if isinstance(body, TradeOutcome):
                self._on_outcome(body)
            elif isinstance(body, Command):
                self._switches.take(body)
            elif isinstance(body, RunStarted):
                self.begin(event.stamp, out)
            out.append(event)
        if block.frontier >= self._due:
            self._pass_time(block.frontier if block.ended else block.frontier - 1, out)
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> WeightsState:
        """Return weights, counts, and the evidence of the cycle under way."""
        off, taken = self._switches.snapshot()
        return WeightsState(
            started=self._started, heard=self._heard, weights=dict(self.weights),
            trades=dict(self._trades), disabled=off, commands=taken,
            evidence={s: e.words for s, e in self._evidence.items()},
            cited={s: list(ids) for s, ids in self._cited.items()}, due=self._due,
            rule=self._rule.snapshot() if self._rule else RuleState(cycles=[], levels={}),
        )  # fmt: skip

    def begin(self, stamp: int, out: list[Event]) -> None:
        """Give out the first weights, and begin the first cycle."""
        if self._started:
            return  # one copy comes from every partition
        self._started = True
        out += [Event(stamp, "", change) for change in first_changes(stamp, self.weights)]
        if self._rule is not None:
            self._due = self._over(self._cycles.number_of(stamp))

    def _on_outcome(self, outcome: TradeOutcome) -> None:
        """Learn from an outcome; a revision counts for what it says otherwise, in this cycle."""
        shares = [(c.strategy, c.share) for c in outcome.credits]
        if not outcome.revision:
            return self.learn(
                outcome.id, outcome.risk_adjusted_return, shares, closes=outcome.closes
            )
        new, old = (
            round(r * PARTS) for r in (outcome.risk_adjusted_return, outcome.replaced_return)
        )
        for strategy, credit in shares:
            if strategy in self._trades:
                sums = self._evidence.setdefault(strategy, Evidence())
                sums.revise(round(credit * PARTS), old, new)
                self._trades[strategy] += outcome.closes - outcome.replaced_closes
                self._cited.setdefault(strategy, []).append(outcome.id)
        return None

    def learn(
        self, id_: str, r: float, shares: Iterable[tuple[str, float]], *, closes: bool
    ) -> None:
        """Take an outcome of the cycle under way.

        Args:
            id_: of it; empty: it is not cited.
            r: its R multiple.
            shares: (strategy, share of the credit) each.
            closes: a round trip ends with it.
        """
        multiple = round(r * PARTS)
        for strategy, credit in shares:
            if strategy not in self._trades:
                continue
            sums = self._evidence.get(strategy)
            if sums is None:
                sums = self._evidence[strategy] = Evidence()
            sums.add(round(credit * PARTS), multiple)
            self._trades[strategy] += closes
            self._heard = True
            if id_:
                self._cited.setdefault(strategy, []).append(id_)

    def _pass_time(self, until: int, out: list[Event]) -> None:
        """End the cycles that are over by a moment."""
        while self._due <= until:
            cycle = self._cycles.number_of(self._due - 1)
            self._end_cycle(cycle, out)
            self._evidence, self._cited = {}, {}
            self._due = self._over(cycle + 1)

    def _over(self, cycle: int) -> int:
        end = self._cycles.end_of(cycle)
        return NEVER if end is None else end + 1

    def _end_cycle(self, cycle: int, out: list[Event]) -> None:
        holds = self._cycles.effective_from(cycle)
        if self._rule is None or holds is None or not self._heard:
            return
        proposal = self._rule.propose(self.weights, self._evidence)
        bounded = self._bound(proposal.weights)
        decided = self._due
        changes = []
        for strategy in self._names:
            adjustment = self._adjusted(
                strategy, holds, proposal.weights[strategy], proposal.rewards[strategy], bounded
            )
            out.append(Event(decided, strategy, adjustment))
            if adjustment.new != adjustment.old:
                changes.append(Event(holds, "", _change(adjustment, decided)))
        out += changes
        self.weights = bounded.weights

    def _bound(self, proposed: Mapping[str, int]) -> Bounded:
        """Keep the guardrails; those that stand still keep their weights, the rest share theirs."""
        shift, floor = round(self._params.max_shift * MILLION), round(self._params.floor * MILLION)
        weights = dict(self.weights)
        guardrails: dict[str, Guardrail] = {}
        for strategy in self._names:
            if strategy in self._switches.off or not weights[strategy]:
                guardrails[strategy] = "disabled"
            elif self._trades[strategy] < self._params.min_trades:
                guardrails[strategy] = "min_trades"
        free = [s for s in self._names if s not in guardrails]
        if not free:
            return Bounded(weights, guardrails)
        old = [weights[s] for s in free]
        low = [max(w - shift, min(floor, w)) for w in old]
        high = [min(w + shift, MILLION) for w in old]
        # The rule's weights in proportion, of what the free ones have together.
        asked = sum(proposed[s] for s in free)
        scaled = [
            proposed[s] * sum(old) // asked if asked else w for s, w in zip(free, old, strict=True)
        ]
        if all(abs(w - o) <= 1 for w, o in zip(scaled, old, strict=True)):
            scaled = old  # a millionth is rounding
        found = project(scaled, low, high, sum(old))
        for n, strategy in enumerate(free):
            weights[strategy] = found[n]
            guardrails[strategy] = _what_bound(scaled[n], found[n], low[n], high[n], floor)
        return Bounded(weights, guardrails)

    def _adjusted(
        self, strategy: str, holds: int, proposed: int, reward: int, bounded: Bounded
    ) -> LearningAdjustment:
        old, new = self.weights[strategy], bounded.weights[strategy]
        guardrail, trades = bounded.guardrails[strategy], self._trades[strategy]
        return LearningAdjustment(
            id=make_id("adj", strategy, self._due),
            event_time=to_datetime(self._due), strategy=strategy, rule=self._params.rule,
            cycle_end=to_datetime(self._due - 1), effective_from=to_datetime(holds),
            old=old / MILLION, proposed=proposed / MILLION, new=new / MILLION,
            reward=reward / MILLION, trades=trades,
            outcomes=tuple(self._cited.get(strategy, ())), guardrail=guardrail,
            reason=self._reason(strategy, new - old, reward, guardrail),
        )  # fmt: skip

    def _reason(self, strategy: str, moved: int, reward: int, guardrail: Guardrail) -> str:
        count = len(self._cited.get(strategy, ()))
        said = f"reward {reward / MILLION:.6f} after {count} outcomes"
        if guardrail == "min_trades":
            return f"{said}; {self._trades[strategy]} of {self._params.min_trades} trades"
        if guardrail == "disabled":
            return f"{said}; switched off"
        bound = f", bound by {guardrail}" if guardrail else ""
        return f"{said}: {moved / MILLION:+.6f}{bound}" if moved else f"{said}: stays{bound}"


def first_changes(stamp: int, weights: Mapping[str, int]) -> list[WeightChange]:
    """Return the first weights as messages; those of all runs alike.

    Args:
        stamp: of the run's first moment.
        weights: strategy -> millionths.
    """
    at = to_datetime(stamp)
    return [
        WeightChange(
            id=make_id("wgt", strategy, SEED), event_time=at,
            strategy=strategy, old=weight / MILLION, new=weight / MILLION, effective_from=at,
            reason=SEED,
        )
        for strategy, weight in weights.items()
    ]  # fmt: skip


def _change(adjustment: LearningAdjustment, decided: int) -> WeightChange:
    return WeightChange(
        id=make_id("wgt", adjustment.strategy, to_micros(adjustment.cycle_end)),
        causes=(adjustment.id,), event_time=to_datetime(decided), strategy=adjustment.strategy,
        old=adjustment.old, new=adjustment.new, effective_from=adjustment.effective_from,
        reason=adjustment.reason, guardrail=adjustment.guardrail, outcomes=adjustment.outcomes,
    )  # fmt: skip


def _what_bound(wanted: int, got: int, low: int, high: int, floor: int) -> Guardrail:
    """Return what kept a weight from what was wanted for it."""
    if got == wanted:
        return ""
    if got == low and wanted < low:
        return "floor" if low >= floor and got == floor else "max_shift"
    if got == high and wanted > high:
        return "max_shift"
    return "sum" if abs(got - wanted) > 1 else ""
