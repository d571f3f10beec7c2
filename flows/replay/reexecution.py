"""One shard of one flow, run again by the same engine over the archived log."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from bytewax.run import cli_main

from connectors.archive.checkpoints import Checkpoint
from connectors.archive.ordered_log import WHOLE, ArchivedLog
from connectors.archive.reading import ArchivedRun
from connectors.envelope import Barrier, Envelope
from connectors.kafka.shards import shards_of
from connectors.kafka.sink import Outbox, SinkState
from connectors.market.calendar import session_day
from flows.pipeline.engine import route
from flows.replay.compare import Comparison, Divergence
from flows.replay.flow_list import ReplayedFlow
from operators.blocks import Block
from operators.merge import MergeState
from operators.states import decode_state

FROM_THE_START: Final = ""


class StateDiffers(NamedTuple):
    """A kept state that is not what the flow comes to by itself."""

    flow: str
    shard: str
    day: str
    step: str


class ShardResult(NamedTuple):
    """What became of one shard.

    Attributes:
        opened: the day at whose close its opening state was kept; empty: from the first record.
        states: kept states that were made again and found equal.
    """

    comparison: Comparison
    opened: str
    states: int
    differs: StateDiffers | None

    @property
    def divergence(self) -> Divergence | None:
        """Return the first record that differs."""
        return self.comparison.first


def run_shard(
    archive: ArchivedRun, flow: ReplayedFlow, shard: str, day: str, *,
    certified_from: int, from_start: bool = False, size: int = WHOLE,
) -> ShardResult:  # fmt: skip
    """Make a shard's outputs again and compare them, up to the end of a day.

    Args:
        archive: of the run.
        flow: which one.
        shard: its key.
        day: the certified day, the last to be read.
        certified_from: the first moment of that day; the shard starts from the newest state
            kept up to there.
        from_start: it starts from the first record of the log instead.
        size: events per block.

    Raises:
        ArchiveDamaged: a file is not what its manifest says.
        DayNotArchived: the day is not over in one of the flow's topics.
    """
    layout = archive.run.layout
    name = flow.spec.name
    reads, writes = shards_of(flow.spec, layout)[shard]
    kept = archive.states(name, shard, needed=not from_start)
    usable = [] if from_start else [b for b in kept if b <= certified_from]
    opening: Checkpoint | None = None
    if usable:
        opening = archive.checkpoint(name, shard, kept[max(usable)])
    offsets, first, opened = {}, FROM_THE_START, ""
    if opening is not None:
        positions = decode_state(bytes(opening.source), MergeState).progress
        offsets = {(t, p): at.offset for t, each in positions.items() for p, at in each.items()}
        opened = session_day(opening.boundary - 1)
        first = str(date.fromisoformat(opened) + timedelta(days=1))
    log = ArchivedLog(archive, reads, offsets, first, day)
    marks = None if opening is None else decode_state(bytes(opening.sink), SinkState)
    leads = flow.leads(archive.run.rules)
    comparison = Comparison(archive, name, writes, marks, first, day, certified_from, leads)
    states = States(archive, name, shard)
    envelopes = log.envelopes(size, [b for b in kept if b > _boundary(opening)])
    _execute(flow, archive, shard, _from_state(opening, envelopes), comparison, states)
    comparison.finish()
    return ShardResult(comparison, opened, states.equal, states.first)


class States:
    """Compares the states made again with those that were kept.

    Attributes:
        equal: how many are.
        first: the first that is not.
    """

    def __init__(self, archive: ArchivedRun, flow: str, shard: str) -> None:
        """Take the kept states of one shard."""
        self._archive = archive
        self._flow = flow
        self._shard = shard
        self.equal = 0
        self.first: StateDiffers | None = None

    def take(self, barrier: Barrier) -> None:
        """Compare each operator's encoded state at one boundary."""
        file = self._archive.states(self._flow, self._shard)[barrier.boundary]
        kept = self._archive.checkpoint(self._flow, self._shard, file).barrier.steps
        for name in sorted({*kept, *barrier.steps}):
            if kept.get(name) != barrier.steps.get(name) and self.first is None:
                self.first = StateDiffers(self._flow, self._shard, file.day, name)
        self.equal += self.first is None


def _boundary(opening: Checkpoint | None) -> int:
    return -1 if opening is None else opening.boundary


def _from_state(opening: Checkpoint | None, envelopes: Iterator[Envelope]) -> Iterator[Envelope]:
    if opening is not None:
        yield Envelope(Block([], opening.boundary), origin=opening.barrier.steps)
    yield from envelopes


def _execute(
    flow: ReplayedFlow, archive: ArchivedRun, shard: str, envelopes: Iterator[Envelope],
    comparison: Comparison, states: States,
) -> None:  # fmt: skip
    dataflow = Dataflow(f"replay_{flow.spec.name}")
    log = op.input("log", dataflow, _Source(shard, envelopes))
    outboxes = route(flow.wire(log, archive.run.rules), flow.spec, flow.internal)
    op.output("comparison", outboxes, _Sink(shard, comparison, states))
    cli_main(dataflow)


class _Part(StatefulSourcePartition[tuple[str, Envelope], None]):
    def __init__(self, shard: str, envelopes: Iterator[Envelope]) -> None:
        self._shard = shard
        self._envelopes = envelopes

    def next_batch(self) -> list[tuple[str, Envelope]]:
        return [(self._shard, next(self._envelopes))]

    def snapshot(self) -> None:
        return None


class _Source(FixedPartitionedSource[tuple[str, Envelope], None]):
    def __init__(self, shard: str, envelopes: Iterator[Envelope]) -> None:
        self._shard = shard
        self._envelopes = envelopes

    def list_parts(self) -> list[str]:
        return [self._shard]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> _Part:
        return _Part(for_part, self._envelopes)


class _End(StatefulSinkPartition[Outbox, None]):
    def __init__(self, comparison: Comparison, states: States) -> None:
        self._comparison = comparison
        self._states = states

    def write_batch(self, values: list[Outbox]) -> None:
        for outbox in values:
            self._comparison.take(outbox)
            if outbox.barrier is not None:
                self._states.take(outbox.barrier)

    def snapshot(self) -> None:
        return None


class _Sink(FixedPartitionedSink[Outbox, None]):
    def __init__(self, shard: str, comparison: Comparison, states: States) -> None:
        self._shard = shard
        self._comparison = comparison
        self._states = states

    def list_parts(self) -> list[str]:
        return [self._shard]

    def build_part(self, step_id: str, for_part: str, resume_state: Any) -> _End:
        return _End(self._comparison, self._states)
