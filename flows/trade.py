"""flows/trade: commands, bars and signals -> decisions, orders, executions, positions."""

from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.envelope import Envelope
from connectors.market.calendar import new_york_sessions
from connectors.runs import Run
from flows.pipeline.assembly import Stopping, between_topics
from flows.pipeline.checkpoints import checkpoint_store
from flows.pipeline.engine import step
from messages.flows import PAPER
from operators.params import Params
from operators.trading.desk import Desk
from operators.trading.desk_state import DeskState

FLOW = PAPER["trade"]


def wire(merged: KeyedStream[Envelope], params: Params) -> KeyedStream[Envelope]:
    """Checks, account and simulated broker: one operator, strictly in order."""
    sessions = new_york_sessions()
    return step("desk", merged, lambda s: Desk(params, sessions, s), DeskState)


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """One process per account, over all partitions."""
    params = run.rules
    return between_topics(
        FLOW, run.layout, lambda s: wire(s, params), stopping, store=checkpoint_store(run, "trade")
    )
