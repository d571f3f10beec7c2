"""The flows that a replay makes again: what each reads and writes, and its pure part.

News, market and score let facts in from outside, a model's scores too; there is nothing to make
again, their records are the inputs. Storage follows from the topics.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bytewax.operators import KeyedStream

from connectors.envelope import Envelope
from connectors.kafka.layout import Layout
from connectors.kafka.source import Reads, all_reads, shard_reads
from connectors.market.calendar import new_york_sessions
from flows import control, learn, signals, trade
from flows.pipeline.assembly import Topics
from operators.params import Params

ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Replayed:
    """One flow as a replay sees it.

    Attributes:
        sharded: it runs as one shard per partition; otherwise as one over all.
        wire: its pure part under a run's parameters.
    """

    name: str
    reads: Topics
    writes: Topics
    wire: Callable[[KeyedStream[Envelope], Params], KeyedStream[Envelope]]
    sharded: bool = False

    def shards(self, layout: Layout) -> dict[str, tuple[Reads, Reads]]:
        """Return each shard's key with the partitions it reads and those it writes."""
        if not self.sharded:
            return {ALL: (all_reads(layout, self.reads), all_reads(layout, self.writes))}
        return {
            f"{k:04d}": (shard_reads(self.reads, k), shard_reads(self.writes, k))
            for k in range(layout.partitions)
        }


REPLAYED: Final = (
    Replayed("control", control.READS, control.WRITES, lambda s, _: control.wire(s)),
    Replayed("signals", signals.READS, signals.WRITES, signals.wire, sharded=True),
    Replayed(
        "trade", trade.READS, trade.WRITES, lambda s, p: trade.wire(s, p, new_york_sessions())
    ),
    Replayed("learn", learn.READS, learn.WRITES, learn.wire),
)
