"""How every flow is put together: shards of topics in, operators, topics out."""

from collections.abc import Callable, Collection

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream
from msgspec import Struct

from connectors.archive.checkpoints import CheckpointStore, next_boundary
from connectors.envelope import SINK, Envelope
from connectors.kafka.bell import Bell
from connectors.kafka.layout import Layout
from connectors.kafka.shards import shards_of
from connectors.kafka.sink import NO_LEADS, Leads, LogSink
from connectors.kafka.source import MergedSource, no_back_pressure
from flows.pipeline.engine import NOTHING_INTERNAL, route
from messages.flows import FlowSpec

Wire = Callable[[KeyedStream[Envelope]], KeyedStream[Envelope]]
Stopping = Callable[[], bool]


def between_topics(
    spec: FlowSpec,
    layout: Layout,
    wire: Wire,
    stopping: Stopping,
    chosen: Collection[int] | None = None,
    *,
    store: CheckpointStore,
    back_pressure: Stopping = no_back_pressure,
    patience: Callable[[], float] | None = None,
    listen: Callable[[], Bell] | None = None,
    leads: Leads = NO_LEADS,
    internal: Collection[type[Struct]] = NOTHING_INTERNAL,
) -> Dataflow:
    """Build a flow from topics to topics.

    Args:
        spec: what it reads and writes.
        layout: the run's place on the broker.
        wire: its operators.
        stopping: asked before each batch.
        chosen: shards of a sharded flow to run in this process; None for all.
        store: of the checkpoints at every session's close; a shard without a snapshot starts
            from its newest one.
        back_pressure: asked before each batch: the flow has enough to do.
        patience: how long its source may wait; see `MergedSource`.
        listen: gives what wakes it besides its records.
        leads: topics of its writes on which it says time ahead.
        internal: event types that are not published.
    """
    flow = Dataflow(spec.name)
    shards = shards_of(spec, layout, chosen)
    checkpoints = store.newest(shards)
    source = MergedSource(
        layout, {shard: reads for shard, (reads, _) in shards.items()}, stopping,
        boundary=next_boundary, back_pressure=back_pressure, patience=patience, listen=listen,
        origins={s: c.barrier.with_step(SINK, bytes(c.sink)) for s, c in checkpoints.items()},
        feedback=spec.feedback,
    )  # fmt: skip
    sink = LogSink(
        layout, {shard: writes for shard, (_, writes) in shards.items()}, entry=spec.entry,
        keeper=store.writer, leads=leads,
    )  # fmt: skip
    envelopes = wire(op.input("log", flow, source))
    op.output(SINK, route(envelopes, spec, internal), sink)
    return flow
