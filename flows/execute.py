"""flows/execute: orders.requested, commands -> the broker; what it says of them -> broker.events.

What a broker says is a fact from outside: it is let in once, kept, and never asked for again by a
replay. The account is `trade`'s: this flow sends, asks and tells.
"""

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.broker.choice import open_broker
from connectors.envelope import Envelope
from connectors.kafka.bell import listen
from connectors.runs import Run
from flows.execution.command_tail import CommandTail
from flows.execution.said import BrokerEvents
from flows.execution.step import STEP, ExecutionStep
from flows.execution.told import read_told
from flows.pipeline.assembly import Stopping, between_topics
from flows.pipeline.checkpoints import checkpoint_store
from messages.flows import BROKER

FLOW = BROKER["execute"]


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """One process per account: two would both send its orders."""
    params, bell, account = run.broker_params, listen(run.layout), run.rules.account.name
    events = BrokerEvents(account, params.kind)

    def executing(state: bytes | None) -> ExecutionStep:
        tail = CommandTail(run.layout, bell)
        return ExecutionStep(
            lambda: open_broker(params), events, params.reconcile_seconds, run.spec.tick_ms, bell,
            tail.take, state, told=read_told(run.layout, account, fresh=state is None),
        )  # fmt: skip

    def wire(requests: KeyedStream[Envelope]) -> KeyedStream[Envelope]:
        return op.stateful_batch(STEP, requests, executing)

    return between_topics(
        FLOW, run.layout, wire, stopping, store=checkpoint_store(run, "execute"),
        listen=lambda: bell,
    )  # fmt: skip
