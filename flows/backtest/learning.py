"""Learning in a backtest: the loop's rows of a cycle through the same operators as live.

The columnar loop advances one cycle with the weights in force; its fills go through the same judge
and the same `Weights` as live, and what was decided a cycle ago comes to hold.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from messages.learning import LearningAdjustment, WeightChange
from messages.units import to_datetime, to_micros
from operators.blocks import Block, Event
from operators.columns.records import ACCEPTED, BY_SIGNAL, DECISION, FILL, NONE, Rows
from operators.learning.cycles import Cycles
from operators.learning.round_trips import Parts, RoundTrips
from operators.learning.weights import Weights
from operators.params import Params
from operators.trading.session_columns import numbers_of
from operators.trading.sessions import SessionTable

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
SOONEST: Final = -1


class Adjusted(Struct, frozen=True, kw_only=True):
    """A strategy's weight at a cycle's end: what it was, and what it is from a moment on."""

    strategy: str
    decided: str
    holds_from: str
    old: float
    new: float
    reward: float
    trades: int
    guardrail: str


class Segment(NamedTuple):
    """Bars in a row that belong to one cycle; `stop` after the last of them."""

    cycle: int
    start: int
    stop: int
    end: int


class Learner:
    """Takes the loop's rows in order; says which weights hold.

    Attributes:
        weights: strategy -> weight in force.
        adjusted: what every cycle came to, in order.
    """

    def __init__(
        self, params: Params, sessions: SessionTable, weights: Mapping[str, float],
        names: Sequence[str],
    ) -> None:  # fmt: skip
        """Start with the first weights.

        Args:
            params: of all operators.
            sessions: of the market.
            weights: strategy -> first weight.
            names: of the strategies, in the order of their votes.

        Raises:
            LearningImpossible: the weights cannot keep the guardrails.
        """
        self._names = list(names)
        self._sessions, self._length = sessions, params.learning.cycle_sessions
        self._cycles = Cycles(sessions, self._length)
        self._trips = RoundTrips(params.risk.stop_loss_bps)
        self._rule = Weights(params.learning, sessions, names, first=weights)
        self.weights = dict(weights)
        self.adjusted: list[Adjusted] = []
        self._behind: dict[int, Parts] = {}  # order -> signed parts of its signal's score
        self._coming: list[tuple[int, WeightChange]] = []
        self._cycle = SOONEST
        self._began = False

    def segments(self, stamps: Ints) -> Iterator[Segment]:
        """Cut bars at the ends of cycles; `end` is the last moment of a segment's cycle."""
        if not stamps.size:
            return
        numbers = numbers_of(self._sessions, stamps) // self._length
        starts = np.append(np.nonzero(np.diff(numbers, prepend=numbers[0] - 1))[0], stamps.size)
        for start, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            cycle = int(numbers[start])
            end = self._cycles.end_of(cycle)
            yield Segment(cycle, start, stop, int(stamps[-1]) if end is None else end)

    def cycle_of(self, stamp: int) -> int:
        """Return the number of the cycle that a stamp belongs to."""
        return self._cycles.number_of(stamp)

    def cycle_of_event(self, event: Event) -> int:
        """Return the number of the cycle that an event belongs to."""
        return self._cycles.number_of(event.stamp)

    @property
    def under_way(self) -> bool:
        """Tell whether a cycle was entered."""
        return self._cycle != SOONEST

    def enter(self, cycle: int, stamp: int) -> None:
        """Let time pass to a cycle, at a stamp within it: what holds by then is in force."""
        if cycle == self._cycle:
            return
        if not self._began:
            self._began = True
            first: list[Event] = []
            self._rule.begin(stamp, first)
            self.weights = {
                e.body.strategy: e.body.new for e in first if isinstance(e.body, WeightChange)
            }
        before = self._cycles.end_of(cycle - 1)
        if before is not None and self._cycle != SOONEST:
            self._pass_time(before + 2)  # the cycle before is over one moment after its end
        self._cycle = cycle
        held = {c.strategy: c.new for at, c in sorted(self._coming, key=_at) if at <= stamp}
        self.weights = {**self.weights, **held}
        self._coming = [(at, change) for at, change in self._coming if at > stamp]

    def take(self, rows: Rows, votes: Floats) -> None:
        """Take what the loop did; votes are those of the step's events."""
        kind = rows["kind"]
        asked = rows.compress(
            (kind == DECISION) & (rows["code"] == ACCEPTED) & (rows["cause"] == BY_SIGNAL)
        )
        parts = votes[asked["row"]] * [self.weights.get(name, 0.0) for name in self._names]
        voted, names = parts != 0.0, self._names
        first, alone = voted.argmax(axis=1), voted.sum(axis=1) == 1
        # Mostly one strategy votes: its part is all there is to remember.
        self._behind.update(
            (order, ((names[n], row[n]),) if single else _parts(names, row))
            for order, n, single, row in zip(
                asked["order"].tolist(), first.tolist(), alone.tolist(), parts.tolist(), strict=True
            )
        )
        fills = rows.compress(kind == FILL)
        for fill in zip(*(fills[name].tolist() for name in FILL_FIELDS), strict=True):
            self._on_fill(*fill)

    def finish(self, stamp: int) -> None:
        """Take the end of the input: cycles that are over by a stamp are judged."""
        self._pass_time(stamp + 1)

    def _pass_time(self, frontier: int) -> None:
        for event in self._rule.step(Block([], frontier)).events:
            body = event.body
            if isinstance(body, WeightChange):
                self._coming.append((event.stamp, body))
            elif isinstance(body, LearningAdjustment):
                self.adjusted.append(_adjusted(body))

    def _on_fill(
        self, stamp: int, qty: int, price: int, pnl: int, order: int, trade: int, asked: int
    ) -> None:
        voted, slipped = self._behind.pop(order, None), 0
        if asked != NONE:
            slipped = qty * (price - asked)
        if pnl == NONE:
            parts = voted or ()
            self._trips.fill(stamp, str(trade), "", "", "", qty, price, None, slipped, parts)
            return
        judged = self._trips.fill(stamp, str(trade), "", "", "", qty, price, pnl, slipped)
        if judged is not None:
            self._rule.learn("", judged.r, judged.shares, closes=judged.closes)


FILL_FIELDS: Final = ("stamp", "qty", "price", "pnl", "order", "trade", "asked")


def _parts(names: Sequence[str], row: Sequence[float]) -> Parts:
    return tuple((name, part) for name, part in zip(names, row, strict=True) if part)


def _at(coming: tuple[int, Any]) -> int:
    return coming[0]


def _adjusted(found: LearningAdjustment) -> Adjusted:
    holds = to_micros(found.effective_from)
    return Adjusted(
        strategy=found.strategy, decided=_moment(to_micros(found.event_time)),
        holds_from=_moment(holds), old=found.old, new=found.new, reward=found.reward,
        trades=found.trades, guardrail=found.guardrail,
    )  # fmt: skip


def _moment(stamp: int) -> str:
    return f"{to_datetime(stamp):%FT%TZ}"
