"""flows/trade: commands, bars and signals -> decisions, orders, executions, positions."""

from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.envelope import Envelope
from connectors.market.calendar import new_york_sessions
from connectors.runs import Run
from flows.pipeline.assembly import Stopping, between_topics
from flows.pipeline.checkpoints import checkpoint_store
from flows.pipeline.engine import step
from messages.topics import (
    CONTROL_ACCEPTED,
    MARKET_BARS,
    ORDERS_REQUESTED,
    PORTFOLIO_SNAPSHOTS,
    POSITIONS,
    SIGNALS_GENERATED,
    TRADE_DECISIONS,
    TRADES_EXECUTED,
)
from operators.params import Params
from operators.trading.desk import Desk, DeskState
from operators.trading.sessions import SessionTable

READS = (CONTROL_ACCEPTED, MARKET_BARS, SIGNALS_GENERATED)
WRITES = (
    TRADE_DECISIONS,
    ORDERS_REQUESTED,
    TRADES_EXECUTED,
    POSITIONS,
    PORTFOLIO_SNAPSHOTS,
    CONTROL_ACCEPTED.dead_letters,
    SIGNALS_GENERATED.dead_letters,
)


def wire(
    merged: KeyedStream[Envelope], params: Params, sessions: SessionTable
) -> KeyedStream[Envelope]:
    """Risk, account and simulated broker: one operator, strictly in order."""
    return step("desk", merged, lambda s: Desk(params, sessions, s), DeskState)


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """One process per account, over all partitions."""
    params, sessions = run.rules, new_york_sessions()
    return between_topics(
        "trade", run.layout, READS, lambda s: wire(s, params, sessions), WRITES, stopping,
        store=checkpoint_store(run, "trade"),
    )  # fmt: skip
