"""A window of a run for the closed loop: its inputs, the states before it, what was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from connectors.archive.checkpoints import Checkpoint
from connectors.archive.ordered_log import ArchivedLog, span_of
from connectors.archive.reading import ArchivedRun
from connectors.kafka.shards import Partitions, shards_of
from connectors.market.calendar import new_york_sessions
from flows.closed_loop import ClosedLoop, Interference, Opening, SignalsStates
from flows.replay.flow_list import replayed
from messages.control import DeadLetter
from messages.flows import FEEDBACK, TABLES, Mode, Topics
from messages.learning import WeightChange
from messages.topics import NEWS_SCORED, TRADES_EXECUTED
from messages.trading import TradeExecution
from messages.units import to_micros
from operators.blocks import Block, Event
from operators.learning.outcomes import OutcomesState
from operators.learning.weights import WeightsState
from operators.merge import cut
from operators.news.sentiment import SentimentState
from operators.params import Params
from operators.states import S, decode_state
from operators.strategies.ensemble import EnsembleState
from operators.strategies.voting import VotingState
from operators.trading.asked import Watch
from operators.trading.desk_state import DeskState

LOOP: Final = ("signals", "trade", "learn")


def reads_of(mode: Mode) -> Topics:
    """Return what a window of a run of some mode is read from, at the ranks of all its flows.

    Weights that were decided before a window hold in it; the later ones the loop makes itself.
    """
    inputs = TABLES[mode].inputs_of(LOOP)
    place = inputs.index(NEWS_SCORED)
    return (*inputs[:place], *FEEDBACK, *inputs[place:])


READS: Final = reads_of("broker")


@dataclass(frozen=True, slots=True)
class ReplayWindow:
    """What a closed loop needs to run some days again.

    Attributes:
        events: the run's start, commands, scored articles and bars in order, and weights decided
            before the window; unreadable ones left out.
        weights: every weight that comes to hold in the window, as it was recorded.
        opening: the states before the first; empty at the beginning of the log.
        start: the window's first moment; what timers say of before is not counted.
        end: frontier of the last block.
        ended: the run's input is over there.
    """

    archive: ArchivedRun
    events: list[Event]
    weights: list[Event]
    opening: Opening
    start: int
    end: int
    ended: bool

    def loop(
        self, params: Params | None = None, watch: Watch | None = None,
        interference: Interference | None = None,
    ) -> ClosedLoop:  # fmt: skip
        """Build the loop in its opening states, under the run's parameters or others.

        It fills orders itself, also those that a broker filled when the window was recorded.
        """
        rules = params or self.archive.run.rules
        return ClosedLoop(
            rules, new_york_sessions(), self.opening, watch, interference=interference
        )

    def recorded_loop(self) -> ClosedLoop:
        """Build the loop as the run was: orders at a broker end as the broker said."""
        run = self.archive.run
        outside = run.spec.mode == "broker"
        return ClosedLoop(
            run.rules, new_york_sessions(), self.opening, outside=outside, brackets=run.brackets
        )

    def blocks(self, size: int, events: Sequence[Event] | None = None) -> list[Block]:
        """Cut the inputs, or others in their place, into blocks of whole stamps."""
        inputs = self.events if events is None else events
        return list(cut(inputs, size, self.end, ended=self.ended))

    def play(
        self, loop: ClosedLoop, events: Sequence[Event] | None = None, size: int = 4_096
    ) -> list[Event]:
        """Run the window through a loop; returns what was published from its start on."""
        blocks = self.blocks(size, events)
        return [e for b in blocks for e in loop.step(b) if e.stamp >= self.start]

    def until(self, cut: int) -> "ReplayWindow":
        """Return the same window ended by a cut, with the inputs before it."""
        if cut >= self.end:
            return self
        known = [e for e in self.events if e.stamp < cut]
        return replace(self, events=known, end=cut, ended=False)

    def executions(self) -> list[TradeExecution]:
        """Return the executions that were recorded in the window, in order."""
        return [
            execution
            for row, execution in self.archive.messages(TRADES_EXECUTED)
            if self.start <= row.stamp < self.end + self.ended
        ]


def window_of(archive: ArchivedRun, first: str | None, last: str) -> ReplayWindow:
    """Read the days from `first` to `last`, both included.

    Args:
        archive: of the run.
        first: opened by the states kept before it; None: from the first record of the log.
        last: the last session day.

    Raises:
        ArchiveDamaged: a file is not what its manifest says.
        DayNotArchived: there is no such day, or it is not over.
    """
    layout = archive.run.layout
    start = 0 if first is None else span_of(first)[0]
    span_of(last)
    opening = _empty(layout.partitions) if first is None else _opening(archive, start)
    reads: Partitions = {
        t: range(1) if t.broadcast else layout.partitions_of(t)
        for t in reads_of(archive.run.spec.mode)
    }
    log = ArchivedLog(archive, reads, {}, first or "", last)
    blocks = list(log.blocks())
    read = [e for b in blocks for e in b.events]
    events = [e for e in read if _given(e, start)]
    weights = [e for e in read if isinstance(e.body, WeightChange)]
    return ReplayWindow(
        archive, events, weights, opening, start, blocks[-1].frontier, blocks[-1].ended
    )


def _given(event: Event, start: int) -> bool:
    """Tell whether an event is an input of the loop: unreadable ones are none."""
    body = event.body
    if isinstance(body, WeightChange):
        return to_micros(body.event_time) < start
    return not isinstance(body, DeadLetter)


def _opening(archive: ArchivedRun, start: int) -> Opening:
    """Return every shard's newest state before a moment.

    A shard without one has seen nothing yet, and opens empty; likewise one whose newest state
    is some sessions old has seen nothing since.
    """
    newest = {
        flow.spec.name: [
            _newest(archive, flow.spec.name, shard, start)
            for shard in shards_of(flow.spec, archive.run.layout)
        ]
        for flow in replayed(archive.run.spec.mode, brackets=archive.run.brackets)
    }
    signals = [
        SignalsStates(
            steps.get("sentiment", SentimentState),
            steps.get("strategies", VotingState),
            steps.get("ensemble", EnsembleState),
        )
        for steps in newest["signals"]
    ]
    desk = newest["trade"][0].get("desk", DeskState)
    learn = newest["learn"][0]
    outcomes, weights = learn.get("outcomes", OutcomesState), learn.get("weights", WeightsState)
    return Opening(signals, desk, outcomes, weights)


class _Steps:
    """The states of one checkpoint by step; empty without a checkpoint."""

    def __init__(self, checkpoint: Checkpoint | None) -> None:
        self._steps = {} if checkpoint is None else checkpoint.steps

    def get(self, step: str, kind: type[S]) -> S | None:
        """Return a step's state; None without a checkpoint."""
        return decode_state(bytes(self._steps[step]), kind) if self._steps else None


def _newest(archive: ArchivedRun, flow: str, shard: str, start: int) -> _Steps:
    kept = {b: f for b, f in archive.states(flow, shard).items() if b <= start}
    return _Steps(archive.checkpoint(flow, shard, kept[max(kept)]) if kept else None)


def _empty(shards: int) -> Opening:
    return Opening((SignalsStates(),) * shards)
