"""The flows' operators in one closed loop, without Kafka or Bytewax.

The same operators in the same order as flows/signals, trade and learn; what the log does
between them (merging by stamp, key and topic rank) is done here by a sort. For tests,
measurements and, later, backtests.
"""

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Final

from messages.learning import TradeOutcome
from messages.market import Bar
from messages.trading import TradeSignal
from operators.account import Account
from operators.blocks import Block, Event, Operator
from operators.desk import Desk
from operators.ensemble import Ensemble
from operators.outcomes import Outcomes
from operators.params import Params
from operators.sentiment import SentimentWindows
from operators.sessions import SessionTable
from operators.strategies.voting import Voting

PLACE: Final = itemgetter(0, 1)


class ClosedLoop:
    """Bars, scored articles and weights in; signals and everything that follows out."""

    def __init__(self, params: Params, sessions: SessionTable) -> None:
        """Build every operator anew."""
        self._operators: dict[str, Operator] = {
            "sentiment": SentimentWindows(params.sentiment),
            "strategies": Voting(params),
            "ensemble": Ensemble(params.ensemble),
            "outcomes": Outcomes(params.risk),
        }
        desk = Desk(params, sessions)
        self._operators["desk"] = desk
        self._account = desk.account

    def wrap(self, around: Callable[[str, Operator], Operator]) -> None:
        """Put something around each operator; the seam for measurements."""
        self._operators = {name: around(name, o) for name, o in self._operators.items()}

    @property
    def account(self) -> Account:
        """Return the desk's account as it is now."""
        return self._account

    def step(self, block: Block) -> list[Event]:
        """Take the next stretch of the merged input; returns all that was published for it."""
        generated = block
        for name in ("sentiment", "strategies", "ensemble"):
            generated = self._operators[name].step(generated)
        signals = [e for e in generated.events if isinstance(e.body, TradeSignal)]
        # Stable: at one stamp and key the bar stands before the signal made on it.
        bars = [e for e in block.events if isinstance(e.body, Bar)]
        merged = sorted(bars + signals, key=PLACE) if signals else bars
        traded = self._operators["desk"].step(Block(merged, block.frontier, block.ended))
        known = sorted(signals + traded.events, key=itemgetter(0))
        judged = self._operators["outcomes"].step(Block(known, block.frontier, block.ended))
        outcomes = [e for e in judged.events if isinstance(e.body, TradeOutcome)]
        return [*generated.events, *traded.events, *outcomes]


def cut(events: list[Event], size: int, end: int) -> Iterator[Block]:
    """Cut a merged input into blocks of about `size` events, whole stamps only.

    Args:
        events: sorted by (stamp, key, rank).
        size: events per block, at least.
        end: frontier of the last block, after every stamp.
    """
    start = 0
    while start < len(events):
        stop = min(start + size, len(events))
        while stop < len(events) and events[stop].stamp == events[stop - 1].stamp:
            stop += 1
        last = stop == len(events)
        yield Block(events[start:stop], end if last else events[stop].stamp, last)
        start = stop


def play(loop: ClosedLoop, blocks: Iterable[Block]) -> list[Event]:
    """Run blocks through a loop and return everything published."""
    return [event for block in blocks for event in loop.step(block)]
