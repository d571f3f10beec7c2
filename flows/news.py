"""flows/news: articles -> news.raw; played from a file, or from outside in a live run."""

from datetime import timedelta

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.feed.pacemaker import PacemakerSource
from connectors.feed.recorded import SHARD, RecordedSource, article_rows, no_rows
from connectors.kafka.sink import LogSink
from connectors.runs import Run
from flows.assembly import Stopping
from flows.engine import route, step
from messages.topics import NEWS_FEED_DLQ, NEWS_RAW
from messages.units import to_micros
from operators.admission import AdmitArticles
from operators.blocks import Block

WRITES = (NEWS_RAW, NEWS_FEED_DLQ)


def wire(rows: KeyedStream[Block], horizon: int) -> KeyedStream[Block]:
    """Admit rows as articles: duplicates refused, revisions numbered, stamped when known."""
    return step("admit", rows, lambda s: AdmitArticles(horizon, s))


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Play the run's news file, or beat; a played run without news ends the topic at once."""
    layout, dataflow = run.layout, Dataflow("news")
    if run.live:
        beat = PacemakerSource(timedelta(milliseconds=run.tick_ms), stopping)
        articles = op.input("clock", dataflow, beat)
    else:
        reader = article_rows(run.path(run.news)) if run.news else no_rows
        rows = op.input("file", dataflow, RecordedSource(reader, stopping))
        articles = wire(rows, to_micros(run.started_at))
    outboxes = route(articles, WRITES)
    writes = {t: layout.partitions_of(t) for t in WRITES}
    op.output("topics", outboxes, LogSink(layout, {SHARD: writes}, entry=True))
    return dataflow
