"""The ensemble: votes and weights in, at most one signal per ticker and stamp out."""

from messages.base import Direction, make_id
from messages.control import Command
from messages.learning import WeightChange
from messages.trading import StrategyVote, TradeSignal
from messages.units import to_datetime, to_micros
from operators.blocks import Block, Event
from operators.params import EnsembleParams
from operators.states import State
from operators.strategies.switches import Switches
from operators.strategies.voting import Votes


class EnsembleState(State):
    """Present and coming weights.

    Attributes:
        weights: strategy -> (weight, id of the WeightChange).
        disabled: strategies that are switched off, in order.
        commands: ids of the commands taken, sorted.
        later: (stamp from which it holds, strategy, weight, id) in order of arrival.
    """

    weights: dict[str, tuple[float, str]]
    disabled: list[str]
    commands: list[str]
    later: list[tuple[int, str, float, str]]


class Ensemble:
    """score = sum(weight x direction x strength) / sum(weight) over those that voted.

    Below the threshold in absolute value there is no signal. A weight holds from its
    `effective_from` on; a strategy without a weight, or with weight 0, does not count, nor does one
    that a command has switched off: its weight stands still and the others are not moved.
    """

    def __init__(self, params: EnsembleParams, state: EnsembleState | None = None) -> None:
        """Start without weights or from a snapshot."""
        self._params = params
        self._weights = dict(state.weights if state else {})
        self._later = list(state.later if state else ())
        self._switches = Switches(state.disabled, state.commands) if state else Switches()

    def step(self, block: Block) -> Block:
        """Replace votes by signals; weights are taken in; the rest passes."""
        if not block.events:
            return block
        out: list[Event] = []
        for event in block.events:
            body = event.body
            if isinstance(body, Votes):
                self._apply_weights(event.stamp)
                if (signal := self._signal(event.stamp, body)) is not None:
                    out.append(Event(event.stamp, body.ticker, signal))
            elif isinstance(body, WeightChange):
                at = to_micros(body.effective_from)
                self._later.append((at, body.strategy, body.new, body.id))
            elif isinstance(body, Command):
                self._switches.take(body)
            else:
                out.append(event)
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> EnsembleState:
        """Return present and coming weights."""
        off, taken = self._switches.snapshot()
        return EnsembleState(
            weights=dict(self._weights), disabled=off, commands=taken, later=list(self._later)
        )

    def _weight(self, strategy: str) -> tuple[float, str]:
        """Return a strategy's weight as it counts now, and where it comes from."""
        if strategy in self._switches.off:
            return 0.0, ""
        return self._weights.get(strategy, (0.0, ""))

    def _apply_weights(self, stamp: int) -> None:
        if self._later:
            due = sorted((w for w in self._later if w[0] <= stamp), key=lambda w: w[0])
            self._later = [w for w in self._later if w[0] > stamp]
            for _, strategy, weight, cause in due:
                self._weights[strategy] = (weight, cause)

    def _signal(self, stamp: int, votes: Votes) -> TradeSignal | None:
        total = weight_sum = 0.0
        for strategy, strength in votes.votes:
            weight = self._weight(strategy)[0]
            total += weight * strength
            weight_sum += weight
        if weight_sum == 0.0:
            return None
        score = total / weight_sum
        if abs(score) < self._params.threshold:
            return None
        return self._build(stamp, votes, score)

    def _build(self, stamp: int, votes: Votes, score: float) -> TradeSignal:
        sources, weight_ids = [], []
        for strategy, strength in votes.votes:
            weight, cause = self._weight(strategy)
            if weight > 0.0:
                side: Direction = "LONG" if strength > 0.0 else "SHORT"
                sources.append(StrategyVote(strategy, side, abs(strength), weight))
                weight_ids.append(cause)
        bar = (votes.bar,) if votes.bar else ()
        return TradeSignal(
            id=make_id("sig", votes.ticker, votes.cause),
            causes=(*bar, *votes.entries, *weight_ids),
            event_time=to_datetime(stamp),
            ticker=votes.ticker,
            direction="LONG" if score > 0.0 else "SHORT",
            strength=min(1.0, abs(score)),
            strategy_sources=tuple(sources),
            sentiment_context=votes.context,
            bar=votes.bar,
        )
