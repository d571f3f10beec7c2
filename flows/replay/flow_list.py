"""The flows that a replay executes again: the derived ones, each with its operators.

News, market and score let facts in from outside, a model's scores too; their records are the
inputs. Storage follows from the topics.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from bytewax.operators import KeyedStream
from msgspec import Struct

from connectors.envelope import Envelope
from connectors.kafka.sink import NO_LEADS, Leads
from flows import control, learn, signals, trade
from flows.pipeline.engine import NOTHING_INTERNAL
from messages.flows import FlowSpec
from operators.params import Params


@dataclass(frozen=True, slots=True)
class ReplayedFlow:
    """One flow as a replay sees it.

    Attributes:
        spec: what it reads and writes.
        wire: its operators under a run's parameters.
        internal: event types that are not published.
        leads: topics on which it says time ahead, under a run's parameters.
    """

    spec: FlowSpec
    wire: Callable[[KeyedStream[Envelope], Params], KeyedStream[Envelope]]
    internal: Collection[type[Struct]] = NOTHING_INTERNAL
    leads: Callable[[Params], Leads] = lambda _: NO_LEADS


REPLAYED: Final = (
    ReplayedFlow(control.FLOW, control.wire),
    ReplayedFlow(signals.FLOW, signals.wire, signals.INTERNAL),
    ReplayedFlow(trade.FLOW, trade.wire),
    ReplayedFlow(learn.FLOW, learn.wire, leads=learn.leads_of),
)
