"""flows/market: recorded bars -> market.bars; its clock is the run's clock for commands too."""

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.feed.recorded import SHARD, RecordedSource, bar_rows
from connectors.kafka.sink import LogSink
from connectors.runs import Run
from flows.assembly import Stopping
from flows.engine import route, step
from messages.topics import CONTROL_COMMANDS, MARKET_BARS, MARKET_FEED_DLQ
from messages.units import to_micros
from operators.admission import AdmitBars
from operators.blocks import Block

WRITES = (MARKET_BARS, MARKET_FEED_DLQ)


def wire(rows: KeyedStream[Block], horizon: int, interval: str) -> KeyedStream[Block]:
    """Admit rows as bars, stamped with their ends."""
    return step("admit", rows, lambda s: AdmitBars(horizon, interval, "recorded", s))


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Play the run's bar file; ticks on control.commands let commands find their place."""
    layout, dataflow = run.layout, Dataflow("market")
    source = RecordedSource(bar_rows(run.path(run.bars)), stopping, run.pace)
    rows = op.input("file", dataflow, source)
    outboxes = route(wire(rows, to_micros(run.started_at), run.interval), WRITES)
    writes = {t: layout.partitions_of(t) for t in (*WRITES, CONTROL_COMMANDS)}
    op.output("topics", outboxes, LogSink(layout, {SHARD: writes}, entry=True))
    return dataflow
