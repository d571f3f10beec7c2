"""flows/trade: commands, bars and signals -> decisions, orders, executions, positions.

On paper it fills the orders itself; in a run with a broker it books what the broker tells.
"""

from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.envelope import Envelope
from connectors.market.calendar import new_york_sessions
from connectors.runs import Run
from flows.pipeline.assembly import Stopping, between_topics
from flows.pipeline.checkpoints import checkpoint_store
from flows.pipeline.engine import step
from messages.flows import PAPER, TABLES
from operators.params import Params
from operators.trading.desk import Desk
from operators.trading.desk_state import DeskState

FLOW = PAPER["trade"]


def wire(
    merged: KeyedStream[Envelope], params: Params, *, outside: bool = False, brackets: bool = False
) -> KeyedStream[Envelope]:
    """Checks, account and simulated broker: one operator, strictly in order.

    `outside`: a broker fills the orders; `brackets`: it holds stops and targets, too.
    """
    sessions = new_york_sessions()
    return step(
        "desk", merged, lambda s: Desk(params, sessions, s, outside=outside, brackets=brackets),
        DeskState,
    )  # fmt: skip


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """One process per account, over all partitions."""
    params, mode = run.rules, run.spec.mode
    return between_topics(
        TABLES[mode]["trade"], run.layout,
        lambda s: wire(s, params, outside=mode == "broker", brackets=run.brackets),
        stopping, store=checkpoint_store(run, "trade"),
    )  # fmt: skip
