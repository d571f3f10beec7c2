"""flows/score: news.raw -> news.scored, one record per ticker an article is about.

A model's score is a fact from outside: it is let in once, kept, and never made again.
"""

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.envelope import Envelope
from connectors.kafka.bell import listen
from connectors.kafka.source import PATIENCE_S
from connectors.runs import Run
from connectors.sentiment.tiers import cascade, require
from connectors.tickers.directory import ticker_finder
from flows.pipeline.assembly import Stopping, between_topics
from flows.pipeline.checkpoints import checkpoint_store
from flows.pipeline.scoring_step import STEP, Backlog, ScoringStep
from messages.flows import PAPER

FLOW = PAPER["score"]
FACTS = "scores.sqlite"
SOON_S = 0.005  # while scores are awaited


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Read and write all partitions: an article's key is not its tickers' key.

    Raises:
        ModelUnusable: a tier is asked for by name that is not on this machine.
    """
    params, backlog = run.scoring_params, Backlog()
    bell = listen(run.layout) if run.live else None
    require(params)
    finder = ticker_finder(run.news_params.directories)

    def scoring(state: bytes | None) -> ScoringStep:
        return ScoringStep(
            lambda: cascade(params, run.path(FACTS), live=run.live),
            finder, backlog, stopping, run.spec.tick_ms if run.live else None, state,
            bell,
        )  # fmt: skip

    def wire(articles: KeyedStream[Envelope]) -> KeyedStream[Envelope]:
        return op.stateful_batch(STEP, articles, scoring)

    return between_topics(
        FLOW, run.layout, wire, stopping, store=checkpoint_store(run, "score"),
        back_pressure=backlog.full, patience=lambda: SOON_S if backlog.pending else PATIENCE_S,
        listen=None if bell is None else lambda: bell,
    )  # fmt: skip
