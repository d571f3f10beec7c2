"""flows/learn: executions and signals -> learning.outcomes; weights stay fixed for now."""

from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.envelope import Envelope
from connectors.runs import Run
from flows.pipeline.assembly import Stopping, between_topics
from flows.pipeline.checkpoints import checkpoint_store
from flows.pipeline.engine import step
from messages.topics import LEARNING_OUTCOMES, SIGNALS_GENERATED, TRADES_EXECUTED
from operators.learning.outcomes import Outcomes, OutcomesState
from operators.params import Params

READS = (TRADES_EXECUTED, SIGNALS_GENERATED)
WRITES = (LEARNING_OUTCOMES, TRADES_EXECUTED.dead_letters)


def wire(merged: KeyedStream[Envelope], params: Params) -> KeyedStream[Envelope]:
    """Judge each closed trade."""
    return step("outcomes", merged, lambda s: Outcomes(params.risk, s), OutcomesState)


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Read every partition; one writer of outcomes."""
    params = run.rules
    return between_topics(
        "learn", run.layout, READS, lambda s: wire(s, params), WRITES, stopping,
        store=checkpoint_store(run, "learn"),
    )  # fmt: skip
