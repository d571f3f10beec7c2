"""flows/learn: executions and signals -> learning.outcomes; weights stay fixed for now."""

from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.envelope import Envelope
from connectors.runs import Run
from flows.pipeline.assembly import Stopping, between_topics
from flows.pipeline.checkpoints import checkpoint_store
from flows.pipeline.engine import step
from messages.flows import PAPER
from operators.learning.outcomes import Outcomes, OutcomesState
from operators.params import Params

FLOW = PAPER["learn"]


def wire(merged: KeyedStream[Envelope], params: Params) -> KeyedStream[Envelope]:
    """Judge each closing fill."""
    return step("outcomes", merged, lambda s: Outcomes(params.risk, s), OutcomesState)


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Read every partition; one writer of outcomes."""
    params = run.rules
    return between_topics(
        FLOW, run.layout, lambda s: wire(s, params), stopping, store=checkpoint_store(run, "learn")
    )
