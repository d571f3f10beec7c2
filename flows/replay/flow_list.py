"""The flows that a replay executes again: the derived ones, each with its operators.

News, market, score and execute let facts in from outside, what a model or a broker said too; their
records are the inputs. Storage follows from the topics.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from bytewax.operators import KeyedStream
from msgspec import Struct

from connectors.envelope import Envelope
from connectors.kafka.sink import NO_LEADS, Leads
from flows import control, learn, signals, trade
from flows.pipeline.engine import NOTHING_INTERNAL
from messages.flows import TABLES, FlowSpec, Mode
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


def replayed(mode: Mode, *, brackets: bool = False) -> tuple[ReplayedFlow, ...]:
    """Return the flows of a run of some mode; what a broker said is an input of `trade`.

    `brackets`: the broker held stops and targets beside entries.
    """
    at_broker = partial(trade.wire, outside=mode == "broker", brackets=brackets)
    return (
        ReplayedFlow(control.FLOW, control.wire),
        ReplayedFlow(signals.FLOW, signals.wire, signals.INTERNAL),
        ReplayedFlow(TABLES[mode]["trade"], at_broker),
        ReplayedFlow(learn.FLOW, learn.wire, leads=learn.leads_of),
    )
