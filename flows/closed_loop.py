"""The in-process pipeline: the flows' operators in a closed loop, without Kafka or Bytewax.

The same operators in the same order as flows/signals, trade and learn. What the log does between
them, merging by stamp, key and topic rank, is a sort by the same key. For backtests, what-if
replays, tests and measurements.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from msgspec import Struct

from connectors.user_strategies import own_strategies, strategy_names
from messages.broker import BrokerEvent
from messages.control import Command, RunStarted
from messages.flows import BROKER, PAPER
from messages.learning import LearningAdjustment, TradeOutcome, WeightChange
from messages.market import Bar, TradingHalt
from messages.topics import partition_of
from messages.trading import AccountReset, ExecutionCorrected, TradeExecution, TradeSignal
from operators.blocks import Block, Event, Operator
from operators.learning.cycles import Cycles
from operators.learning.outcomes import Outcomes, OutcomesState
from operators.learning.weights import Weights, WeightsState
from operators.merge import NO_STAMP, place_by, place_of
from operators.news.sentiment import SentimentState, SentimentWindows
from operators.params import Params
from operators.strategies.ensemble import Ensemble, EnsembleState
from operators.strategies.voting import Voting, VotingState
from operators.trading.account import Account
from operators.trading.asked import Watch
from operators.trading.desk import Desk
from operators.trading.desk_state import DeskState
from operators.trading.sessions import SessionTable

STAMP_AND_KEY: Final = itemgetter(0, 1)
TRADE_ORDER: Final = place_of(BROKER["trade"])  # on paper nothing comes from a broker
LEARN_ORDER: Final = place_of(PAPER["learn"])
# Of what comes in: by the ranks of flows/signals, and what only the desk reads behind them.
_HEARD: Final = PAPER["signals"].ranks
INPUT_ORDER: Final = place_by({**_HEARD, BrokerEvent: len(_HEARD), TradingHalt: len(_HEARD) + 1})
DESK_READS: Final = frozenset({Bar, BrokerEvent, Command, TradingHalt})
LEARN_HEARS: Final = frozenset({TradeExecution, ExecutionCorrected, AccountReset})
LEARNT: Final = frozenset({TradeOutcome, LearningAdjustment, WeightChange})
STAMP: Final = itemgetter(0)
CHAIN: Final = ("sentiment", "strategies", "ensemble")


@dataclass(frozen=True, slots=True)
class SignalsStates:
    """The states of one shard of flows/signals; None where it starts anew."""

    sentiment: SentimentState | None = None
    strategies: VotingState | None = None
    ensemble: EnsembleState | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """The states a loop starts from; empty at the beginning of a log.

    Attributes:
        signals: one per partition.
        desk: of flows/trade.
        outcomes: of flows/learn.
    """

    signals: Sequence[SignalsStates] = (SignalsStates(),)
    desk: DeskState | None = None
    outcomes: OutcomesState | None = None
    weights: WeightsState | None = None


@dataclass(frozen=True, slots=True)
class Interference:
    """What is otherwise in a loop than its rules would have it.

    Attributes:
        pinned: strategies whose weights learning does not move.
        without_outcomes: ids of outcomes that nothing is learnt from.
    """

    pinned: Collection[str] = ()
    without_outcomes: Collection[str] = ()


class ClosedLoop:
    """The run's start, commands, scored articles and bars in; all that follows out.

    Weights may be given, too; those that the loop learns by itself follow at the moments from which
    they hold.
    """

    def __init__(
        self,
        params: Params,
        sessions: SessionTable,
        opening: Opening | None = None,
        watch: Watch | None = None,
        first_weights: Mapping[str, float] | None = None,
        interference: Interference | None = None,
        *,
        outside: bool = False,
        brackets: bool = False,
    ) -> None:
        """Build every operator, anew or from states.

        Args:
            params: of all operators.
            sessions: of the market.
            opening: states to start from.
            watch: is shown the desk's decisions.
            first_weights: strategy -> weight that learning starts from; None: all alike.
            interference: what is otherwise.
            outside: a broker fills the orders, and its events are among the inputs.
            brackets: it holds stops and targets beside entries.

        Raises:
            LearningImpossible: the weights cannot keep the guardrails.
        """
        opening, own = opening or Opening(), own_strategies(params)
        names = strategy_names(params)
        self._chains: list[dict[str, Operator]] = [
            {
                "sentiment": SentimentWindows(params.sentiment, sessions, states.sentiment),
                "strategies": Voting(params, sessions, states.strategies, own),
                "ensemble": Ensemble(params.ensemble, states.ensemble),
            }
            for states in opening.signals
        ]
        desk = Desk(params, sessions, opening.desk, watch, outside=outside, brackets=brackets)
        self._desk: Operator = desk
        self._outcomes: Operator = Outcomes(params.risk, opening.outcomes)
        self._weights: Operator = Weights(
            params.learning, sessions, names, opening.weights, first_weights
        )
        self._interference = interference or Interference()
        self._cycles = Cycles(sessions, params.learning.cycle_sessions)
        self._learns = params.learning.rule != "fixed"
        self._coming: list[Event] = []
        self._began = False
        self._cycle: int | None = None
        self._cycle_end: int | None = None
        self._frontier = NO_STAMP
        self._account = desk.account

    def wrap(self, around: Callable[[str, Operator], Operator]) -> None:
        """Put something around each operator; the seam for measurements."""
        self._chains = [{n: around(n, o) for n, o in chain.items()} for chain in self._chains]
        self._desk = around("desk", self._desk)
        self._outcomes = around("outcomes", self._outcomes)
        self._weights = around("weights", self._weights)

    @property
    def account(self) -> Account:
        """Return the desk's account as it is now."""
        return self._account

    def step(self, block: Block) -> list[Event]:
        """Take the next batch of the merged input; returns all that was published for it."""
        said: list[Event] = []
        if not self._began and any(type(e.body) is RunStarted for e in block.events):
            block = self._begin(block, said)
        for part in self._by_cycles(block) if self._learns else (self._with_coming(block),):
            said += self._step(part)
        return said

    def _begin(self, block: Block, said: list[Event]) -> Block:
        """Give out the first weights; returns the block without the run's start."""
        start = next(e for e in block.events if type(e.body) is RunStarted)
        first = self._weights.step(Block([start], start.stamp)).events
        said += [e for e in first if type(e.body) is WeightChange]
        self._coming += [e for e in said if self._follows(e.body)]
        self._began = True
        return block._replace(events=[e for e in block.events if type(e.body) is not RunStarted])

    def _by_cycles(self, block: Block) -> Iterator[Block]:
        """Cut a block at the ends of cycles, with the weights that hold from there on."""
        events, start = block.events, 0
        while start < len(events):
            cycle = self._cycles.number_of(events[start].stamp)
            if cycle != self._cycle:
                yield from self._cycles_between(cycle)
            end = self._cycle_end
            if end is None or end >= block.frontier:
                break
            stop = bisect_right(events, end, start, key=STAMP)
            yield self._with_coming(Block(events[start:stop], end + 1))
            start = stop
        yield self._with_coming(block._replace(events=events[start:] if start else events))

    def _cycles_between(self, cycle: int) -> Iterator[Block]:
        """Let the cycles before a new one end, though nothing happened in them."""
        before = self._cycles.end_of(cycle - 1)
        if self._cycle is not None and before is not None and before >= self._frontier:
            yield self._with_coming(Block([], before + 1))
        self._cycle, self._cycle_end = cycle, self._cycles.end_of(cycle)

    def _with_coming(self, block: Block) -> Block:
        """Put the weights that hold by now among a block's inputs."""
        if not self._coming:
            return block
        due = [e for e in self._coming if e.stamp < block.frontier + block.ended]
        self._coming = [e for e in self._coming if e.stamp >= block.frontier + block.ended]
        return block._replace(events=sorted([*due, *block.events], key=INPUT_ORDER))

    def _step(self, block: Block) -> list[Event]:
        generated = self._generate(block)
        asked = [e for e in block.events if type(e.body) in DESK_READS]
        signals = [e for e in generated if type(e.body) is TradeSignal] if generated else []
        merged = sorted(asked + signals, key=TRADE_ORDER) if signals else asked
        traded = self._desk.step(Block(merged, block.frontier, block.ended)).events
        heard = [e for e in block.events if type(e.body) is Command]
        self._frontier = block.frontier
        over = self._learns and (self._cycle_end is None or block.frontier > self._cycle_end + 1)
        if not (traded or signals or heard or over):
            return generated  # as for nearly every bar
        fills = [e for e in traded if type(e.body) in LEARN_HEARS]
        known = sorted(heard + fills + signals, key=LEARN_ORDER) if fills or heard else signals
        judged = self._outcomes.step(Block(known, block.frontier, block.ended))
        if self._interference.without_outcomes:
            judged = judged._replace(events=[e for e in judged.events if self._counts(e)])
        learnt = [e for e in self._weights.step(judged).events if type(e.body) in LEARNT]
        self._coming += [e for e in learnt if self._follows(e.body)]
        return [*generated, *traded, *learnt]

    def _counts(self, event: Event) -> bool:
        body = event.body
        gone = self._interference.without_outcomes
        return not (isinstance(body, TradeOutcome) and body.id in gone)

    def _follows(self, body: Struct) -> bool:
        return isinstance(body, WeightChange) and body.strategy not in self._interference.pinned

    def _generate(self, block: Block) -> list[Event]:
        """Run the signals flow's part; returns what it makes, by stamp and key."""
        if len(self._chains) == 1:
            return _through(self._chains[0], block)
        shares: list[list[Event]] = [[] for _ in self._chains]
        for event in block.events:
            if event.key:
                shares[partition_of(event.key.encode(), len(shares))].append(event)
            else:
                for share in shares:
                    share.append(event)
        made = [
            _through(chain, block._replace(events=share))
            for chain, share in zip(self._chains, shares, strict=True)
        ]
        return sorted((e for part in made for e in part), key=STAMP_AND_KEY)


def _through(chain: Mapping[str, Operator], block: Block) -> list[Event]:
    """Run a block through a chain."""
    for name in CHAIN:
        block = chain[name].step(block)
    return block.events


def play(loop: ClosedLoop, blocks: Iterable[Block]) -> list[Event]:
    """Run blocks through a loop and return everything published."""
    return [event for block in blocks for event in loop.step(block)]
