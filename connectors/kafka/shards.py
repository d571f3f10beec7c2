"""Which partitions each shard of a flow reads and writes."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from connectors.kafka.layout import Layout
from messages.base import Message
from messages.flows import FlowSpec
from messages.topics import Topic

Partitions = Mapping[Topic[Message], range]  # topic -> its partitions; reads stand in rank order
ALL: Final = "all"  # key of the one shard of a flow that is not sharded


def shard_of(topics: Sequence[Topic[Message]], shard: int) -> Partitions:
    """Return partition `shard` of each topic, the only one of those that have one."""
    return {t: range(1) if t.single else range(shard, shard + 1) for t in topics}


def whole(layout: Layout, topics: Sequence[Topic[Message]]) -> Partitions:
    """Return every partition of each topic."""
    return {t: layout.partitions_of(t) for t in topics}


def shards_of(
    flow: FlowSpec, layout: Layout, chosen: Collection[int] | None = None
) -> dict[str, tuple[Partitions, Partitions]]:
    """Return, per shard key, what the shard reads and what it alone writes.

    Args:
        flow: which one.
        layout: of the run.
        chosen: shards of a sharded flow to run in this process; None for all.
    """
    if not flow.sharded:
        return {ALL: (whole(layout, flow.reads), whole(layout, flow.writes))}
    numbers = range(layout.partitions) if chosen is None else chosen
    return {f"{k:04d}": (shard_of(flow.reads, k), shard_of(flow.writes, k)) for k in numbers}
