"""flows/market: bars -> market.bars; its clock is the run's clock for commands too.

Recorded bars are played in their own time. A live run's bars come from outside, straight into
the topic; this flow keeps its time.
"""

from datetime import timedelta
from functools import partial

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.envelope import SHARD, Envelope
from connectors.kafka.bell import listen
from connectors.kafka.sink import LogSink
from connectors.market.clock_source import ClockSource
from connectors.market.recorded import RecordedSource
from connectors.runs import Run
from flows.pipeline.assembly import Stopping
from flows.pipeline.engine import NOTHING_INTERNAL, route, step
from messages.flows import PAPER
from messages.units import to_micros
from operators.admission import AdmitBars, BarsState

FLOW = PAPER["market"]


def wire(rows: KeyedStream[Envelope], horizon: int, interval: str) -> KeyedStream[Envelope]:
    """Admit rows as bars, stamped with their ends."""

    def build(state: BarsState | None) -> AdmitBars:
        return AdmitBars(horizon, interval, "recorded", state)

    return step("admit", rows, build, BarsState)


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Play the run's bar file, or beat; ticks on control.commands give commands their place."""
    layout, dataflow = run.layout, Dataflow("market")
    if run.live:
        every = timedelta(milliseconds=run.spec.tick_ms)
        beat = ClockSource(every, stopping, partial(listen, layout))
        bars = op.input("clock", dataflow, beat)
    else:
        # Imported here: a live run reads no file, and needs none of what reads them.
        from connectors.market.bar_rows import bar_rows

        source = RecordedSource(
            bar_rows(run.path(run.bars), run.spec.interval), stopping, run.spec.pace
        )
        rows = op.input("file", dataflow, source)
        bars = wire(rows, to_micros(run.spec.started_at), run.spec.interval)
    outboxes = route(bars, FLOW, NOTHING_INTERNAL)
    writes = {t: layout.partitions_of(t) for t in (*FLOW.writes, *FLOW.ticks)}
    op.output("topics", outboxes, LogSink(layout, {SHARD: writes}, entry=True))
    return dataflow
