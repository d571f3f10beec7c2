"""The in-process pipeline: the flows' operators in a closed loop, without Kafka or Bytewax.

The same operators in the same order as flows/signals, trade and learn. What the log does between
them, merging by stamp, key and topic rank, is a sort by the same key. For backtests, what-if
replays, tests and measurements.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from connectors.user_strategies import own_strategies
from messages.control import Command
from messages.flows import PAPER
from messages.learning import TradeOutcome
from messages.market import Bar
from messages.topics import partition_of
from messages.trading import TradeExecution, TradeSignal
from operators.blocks import Block, Event, Operator
from operators.learning.outcomes import Outcomes, OutcomesState
from operators.merge import place_of
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
TRADE_ORDER: Final = place_of(PAPER["trade"])
LEARN_ORDER: Final = place_of(PAPER["learn"])
DESK_READS: Final = frozenset({Bar, Command})
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


class ClosedLoop:
    """Commands, weights, scored articles and bars in; all that follows out."""

    def __init__(
        self,
        params: Params,
        sessions: SessionTable,
        opening: Opening | None = None,
        watch: Watch | None = None,
    ) -> None:
        """Build every operator, anew or from states; `watch` is shown the desk's decisions."""
        opening, own = opening or Opening(), own_strategies(params)
        self._chains: list[dict[str, Operator]] = [
            {
                "sentiment": SentimentWindows(params.sentiment, states.sentiment),
                "strategies": Voting(params, states.strategies, own),
                "ensemble": Ensemble(params.ensemble, states.ensemble),
            }
            for states in opening.signals
        ]
        desk = Desk(params, sessions, opening.desk, watch)
        self._desk: Operator = desk
        self._outcomes: Operator = Outcomes(params.risk, opening.outcomes)
        self._account = desk.account

    def wrap(self, around: Callable[[str, Operator], Operator]) -> None:
        """Put something around each operator; the seam for measurements."""
        self._chains = [{n: around(n, o) for n, o in chain.items()} for chain in self._chains]
        self._desk = around("desk", self._desk)
        self._outcomes = around("outcomes", self._outcomes)

    @property
    def account(self) -> Account:
        """Return the desk's account as it is now."""
        return self._account

    def step(self, block: Block) -> list[Event]:
        """Take the next batch of the merged input; returns all that was published for it."""
        generated = self._generate(block)
        asked = [e for e in block.events if type(e.body) in DESK_READS]
        signals = [e for e in generated if type(e.body) is TradeSignal] if generated else []
        merged = sorted(asked + signals, key=TRADE_ORDER) if signals else asked
        traded = self._desk.step(Block(merged, block.frontier, block.ended)).events
        if not (traded or signals):
            return generated  # as for nearly every bar
        fills = [e for e in traded if type(e.body) is TradeExecution]
        known = sorted(fills + signals, key=LEARN_ORDER) if fills else signals
        judged = self._outcomes.step(Block(known, block.frontier, block.ended)).events
        outcomes = [e for e in judged if type(e.body) is TradeOutcome]
        return [*generated, *traded, *outcomes]

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
    """Run a block through a chain; commands are the desk's business and left out."""
    for name in CHAIN:
        block = chain[name].step(block)
    made = block.events
    return [e for e in made if type(e.body) is not Command] if made else made


def play(loop: ClosedLoop, blocks: Iterable[Block]) -> list[Event]:
    """Run blocks through a loop and return everything published."""
    return [event for block in blocks for event in loop.step(block)]
