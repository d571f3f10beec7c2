"""How every flow is put together: shards of topics in, a chain of operators, topics out."""

from collections.abc import Callable, Collection, Sequence

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.archive.checkpoints import CheckpointStore, next_boundary
from connectors.envelope import Envelope
from connectors.kafka.layout import Layout
from connectors.kafka.sink import LogSink
from connectors.kafka.source import MergedSource, Reads, all_reads, not_held, shard_reads
from flows.pipeline.engine import route
from messages.base import Message
from messages.topics import Topic

Wire = Callable[[KeyedStream[Envelope]], KeyedStream[Envelope]]
Topics = Sequence[Topic[Message]]
Stopping = Callable[[], bool]


def between_topics(
    name: str,
    layout: Layout,
    reads: Topics,
    wire: Wire,
    writes: Topics,
    stopping: Stopping,
    shards: Collection[int] | None = None,
    store: CheckpointStore | None = None,
    *,
    entry: bool = False,
    held: Stopping = not_held,
) -> Dataflow:
    """Build a flow from topics to topics.

    Args:
        name: of the dataflow.
        layout: the run's place on the broker.
        reads: topics in rank order at equal stamp and key.
        wire: the pure part.
        writes: topics that this flow alone writes.
        stopping: asked before each batch.
        shards: partitions to run, each as a shard of its own; None: one shard over all.
        store: of the checkpoints at every session's close; a shard without a snapshot starts
            from its newest one.
        entry: it lets facts in, which another execution need not make again alike.
        held: asked before each batch: the flow has enough to do.
    """
    flow = Dataflow(name)
    spread_reads, spread_writes = _spread(layout, reads, shards), _spread(layout, writes, shards)
    if store is None:
        source = MergedSource(layout, spread_reads, stopping, held=held)
        sink = LogSink(layout, spread_writes, entry=entry)
    else:
        checkpoints = store.newest(spread_reads)
        source = MergedSource(
            layout, spread_reads, stopping, boundary=next_boundary, held=held,
            origins={shard: c.barrier for shard, c in checkpoints.items()},
        )  # fmt: skip
        sink = LogSink(
            layout, spread_writes, entry=entry, keeper=store.writer,
            origins={shard: bytes(c.sink) for shard, c in checkpoints.items()},
        )  # fmt: skip
    op.output("topics", route(wire(op.input("log", flow, source)), writes), sink)
    return flow


def _spread(layout: Layout, topics: Topics, shards: Collection[int] | None) -> dict[str, Reads]:
    if shards is None:
        return {"all": all_reads(layout, topics)}
    return {f"{k:04d}": shard_reads(topics, k) for k in shards}
