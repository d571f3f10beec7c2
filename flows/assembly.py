"""How every flow is put together: shards of topics in, a chain of operators, topics out."""

from collections.abc import Callable, Collection, Sequence

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.kafka.layout import Layout
from connectors.kafka.sink import LogSink
from connectors.kafka.source import MergedSource, Reads, all_reads, shard_reads
from flows.engine import route
from messages.base import Message
from messages.topics import Topic
from operators.blocks import Block

Wire = Callable[[KeyedStream[Block]], KeyedStream[Block]]
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
    """
    flow = Dataflow(name)
    merged = op.input("log", flow, MergedSource(layout, _spread(layout, reads, shards), stopping))
    outboxes = route(wire(merged), writes)
    op.output("topics", outboxes, LogSink(layout, _spread(layout, writes, shards)))
    return flow


def _spread(layout: Layout, topics: Topics, shards: Collection[int] | None) -> dict[str, Reads]:
    if shards is None:
        return {"all": all_reads(layout, topics)}
    return {f"{k:04d}": shard_reads(topics, k) for k in shards}
