"""flows/learn: executions, signals, bars and commands -> outcomes, weights, strategies' metrics.

Weights are said ahead of time: what the outcomes up to one boundary lead to holds from the next
one on, so that signals never waits for what follows from itself (`operators.learning.cycles`).
"""

from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.envelope import Envelope
from connectors.kafka.sink import NO_LEADS, Leads
from connectors.market.calendar import new_york_sessions
from connectors.runs import Run
from connectors.user_strategies import strategy_names
from flows.pipeline.assembly import Stopping, between_topics
from flows.pipeline.checkpoints import checkpoint_store
from flows.pipeline.engine import step
from messages.flows import PAPER
from messages.topics import STRATEGY_WEIGHTS
from operators.learning.cycles import Cycles
from operators.learning.outcomes import Outcomes, OutcomesState
from operators.learning.strategy_metrics import MetricsState, StrategyMetrics
from operators.learning.weights import Weights, WeightsState
from operators.params import Params

FLOW = PAPER["learn"]


def wire(merged: KeyedStream[Envelope], params: Params) -> KeyedStream[Envelope]:
    """Judge each closing fill; adjust the weights; say how the strategies do."""
    sessions, names = new_york_sessions(), strategy_names(params)
    judged = step("outcomes", merged, lambda s: Outcomes(params.risk, s), OutcomesState)
    weighed = step(
        "weights", judged, lambda s: Weights(params.learning, sessions, names, s), WeightsState
    )

    def metrics(state: MetricsState | None) -> StrategyMetrics:
        return StrategyMetrics(params.learning, params.account, sessions, names, state)

    return step("metrics", weighed, metrics, MetricsState)


def leads_of(params: Params) -> Leads:
    """Return how far ahead the weights' topic is; not at all where they are fixed."""
    learning = params.learning
    if learning.rule == "fixed":
        return NO_LEADS
    return {STRATEGY_WEIGHTS: Cycles(new_york_sessions(), learning.cycle_sessions).silent_until}


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Read every partition; one writer of outcomes and weights."""
    params = run.rules
    return between_topics(
        FLOW, run.layout, lambda s: wire(s, params), stopping, store=checkpoint_store(run, "learn"),
        leads=leads_of(params),
    )  # fmt: skip
