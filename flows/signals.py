"""flows/signals: weights, scored news and bars -> signals.generated, sentiment.windows."""

from collections.abc import Collection
from typing import Final

from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.envelope import Envelope
from connectors.market.calendar import new_york_sessions
from connectors.runs import Run
from connectors.user_strategies import own_strategies, see_that_unchanged
from flows.pipeline.assembly import Stopping, between_topics
from flows.pipeline.checkpoints import checkpoint_store
from flows.pipeline.engine import step
from messages.flows import PAPER
from messages.news import ScoredArticle
from operators.news.sentiment import SentimentState, SentimentWindows
from operators.params import Params
from operators.strategies.ensemble import Ensemble, EnsembleState
from operators.strategies.voting import Voting, VotingState

FLOW = PAPER["signals"]
INTERNAL: Final = frozenset({ScoredArticle})  # passes all steps and is not published again


def wire(merged: KeyedStream[Envelope], params: Params) -> KeyedStream[Envelope]:
    """Sentiment windows, then the strategies' votes, then the ensemble."""
    own, sessions = own_strategies(params), new_york_sessions()
    windows = step(
        "sentiment", merged, lambda s: SentimentWindows(params.sentiment, sessions, s),
        SentimentState,
    )  # fmt: skip
    votes = step("strategies", windows, lambda s: Voting(params, sessions, s, own), VotingState)
    return step("ensemble", votes, lambda s: Ensemble(params.ensemble, s), EnsembleState)


def flow(run: Run, stopping: Stopping, shards: Collection[int]) -> Dataflow:
    """One shard per partition: a ticker's news and bars lie in partitions of one number."""
    params = run.rules
    see_that_unchanged(params, run.spec.strategies)
    return between_topics(
        FLOW, run.layout, lambda s: wire(s, params), stopping, shards,
        store=checkpoint_store(run, "signals"), internal=INTERNAL,
    )  # fmt: skip
