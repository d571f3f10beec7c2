"""flows/market: bars -> market.bars; its clock is the run's clock for commands too.

Recorded bars are played in their own time. A live run's bars come from outside, straight into
the topic, and this flow keeps its time; or it follows a feed of bars, with their history.
"""

from datetime import timedelta
from functools import partial
from typing import Final

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.bars.source import LiveBarsSource
from connectors.bars.start import bars_of_alpaca
from connectors.envelope import SHARD, Envelope
from connectors.feed.health import FeedRegistry
from connectors.kafka.bell import listen
from connectors.kafka.sink import LogSink
from connectors.market.clock_source import ClockSource
from connectors.market.recorded import RecordedSource
from connectors.market.silence import BARS_FEED
from connectors.runs import Run
from flows.pipeline.assembly import Stopping
from flows.pipeline.engine import route, step
from messages.flows import PAPER
from messages.market import TradingHalt
from messages.units import to_micros
from operators.admission import AdmitBars, BarsState
from operators.live_bars import AdmitLiveBars, LiveBarsState

FLOW = PAPER["market"]
HEALTH_FILE: Final = "status/bars.json"


def wire(rows: KeyedStream[Envelope], horizon: int, interval: str) -> KeyedStream[Envelope]:
    """Admit rows as bars, stamped with their ends."""

    def build(state: BarsState | None) -> AdmitBars:
        return AdmitBars(horizon, interval, "recorded", state)

    return step("admit", rows, build, BarsState)


def follow(run: Run, stopping: Stopping, dataflow: Dataflow) -> KeyedStream[Envelope]:
    """Follow Alpaca's bars, or a stand-in's.

    As in flows/news, blocks without bars have a key of their own, and may be reordered with others:
    the sink's stamps never step back.
    """
    registry = FeedRegistry([BARS_FEED])
    registry.keep_telling(run.layout, run.path(HEALTH_FILE))
    source = LiveBarsSource(
        partial(bars_of_alpaca, run.layout, run.market_params, run.broker_params,
                run.rules.sentiment, registry),
        timedelta(milliseconds=run.spec.tick_ms), stopping, partial(listen, run.layout),
    )  # fmt: skip
    rows = op.input("bars", dataflow, source)

    def build(state: LiveBarsState | None) -> AdmitLiveBars:
        return AdmitLiveBars(run.spec.interval, run.market_params.feed, state)

    admitted = step("admit", rows, build, LiveBarsState)
    return op.map("one_shard", admitted, lambda item: (SHARD, item[1]))


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Play the run's bar file, follow a feed, or beat.

    Ticks on control.commands give commands their place.
    """
    layout, dataflow = run.layout, Dataflow("market")
    if run.live and run.market_params.feed == "alpaca":
        bars = follow(run, stopping, dataflow)
    elif run.live:
        run.path(HEALTH_FILE).unlink(missing_ok=True)  # of a start that followed a feed
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
    spec = layout.flows["market"]
    # On paper nobody asks for halts: no bars come then, and the price grows too old.
    outboxes = route(bars, spec, frozenset({TradingHalt}) - {t.schema for t in spec.writes})
    writes = {t: layout.partitions_of(t) for t in (*spec.writes, *spec.ticks)}
    op.output("topics", outboxes, LogSink(layout, {SHARD: writes}, entry=True))
    return dataflow
