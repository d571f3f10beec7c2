"""flows/score: news.raw -> news.scored, one record per ticker an article is about."""

from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.runs import Run
from flows.assembly import Stopping, between_topics
from flows.engine import step
from messages.topics import NEWS_RAW, NEWS_SCORED
from operators.blocks import Block
from operators.scoring import LexiconScoring

READS = (NEWS_RAW,)
WRITES = (NEWS_SCORED, NEWS_RAW.dead_letters)


def wire(articles: KeyedStream[Block]) -> KeyedStream[Block]:
    """Score each article for each of its tickers."""
    return step("score", articles, lambda _: LexiconScoring())


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Read and write all partitions: an article's key is not its tickers' key."""
    return between_topics(
        "score", run.layout, READS, wire, WRITES, stopping, keeper=run.keeper("score")
    )
