"""flows/news: articles -> news.raw; played from a file, or from the feeds in a live run."""

from datetime import timedelta
from functools import partial

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.envelope import SHARD, Envelope
from connectors.feed.feeds import feed_names, feeds_of
from connectors.feed.health import FeedRegistry
from connectors.feed.live import LiveSource
from connectors.kafka.bell import listen
from connectors.kafka.sink import LogSink
from connectors.market.input_files import article_rows, no_rows
from connectors.market.recorded import RecordedSource
from connectors.runs import Run
from connectors.telemetry import REPEATED
from flows.pipeline.assembly import Stopping
from flows.pipeline.engine import NOTHING_INTERNAL, route, step
from messages.flows import PAPER
from messages.units import to_micros
from operators.admission import AdmitArticles, ArticlesState

FLOW = PAPER["news"]
FEEDS_FILE = "status/feeds.json"


def wire(rows: KeyedStream[Envelope], horizon: int) -> KeyedStream[Envelope]:
    """Admit rows as articles: duplicates refused, revisions numbered, stamped when known."""
    return step("admit", rows, lambda s: AdmitArticles(horizon, s), ArticlesState)


def live(run: Run, stopping: Stopping, dataflow: Dataflow) -> KeyedStream[Envelope]:
    """Read the feeds.

    Empty blocks use the key BEAT, so that Bytewax snapshots the admission step only when articles
    arrived. Blocks and beats may be reordered by the engine: harmless, because the sink of an
    entry flow assigns stamps monotonically.
    """
    params = run.news_params
    registry = FeedRegistry(feed_names(params))
    registry.keep_telling(run.layout, run.path(FEEDS_FILE))
    every = timedelta(milliseconds=run.spec.tick_ms)
    source = LiveSource(
        lambda: list(feeds_of(params)), registry, every, stopping, partial(listen, run.layout)
    )
    rows = op.input("feeds", dataflow, source)

    def repeated(source: str) -> None:
        REPEATED.add(1, {"feed": source})

    def admit(state: ArticlesState | None) -> AdmitArticles:
        return AdmitArticles(0, state, live=True, repeated=repeated)

    admitted = step("admit", rows, admit, ArticlesState)
    return op.map("one_shard", admitted, lambda item: (SHARD, item[1]))


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Play the run's news file, or follow feeds; a played run without news ends at once."""
    layout, dataflow = run.layout, Dataflow("news")
    if run.live:
        articles = live(run, stopping, dataflow)
    else:
        reader = article_rows(run.path(run.news)) if run.news else no_rows
        rows = op.input("file", dataflow, RecordedSource(reader, stopping))
        articles = wire(rows, to_micros(run.spec.started_at))
    outboxes = route(articles, FLOW, NOTHING_INTERNAL)
    writes = {t: layout.partitions_of(t) for t in FLOW.writes}
    op.output("topics", outboxes, LogSink(layout, {SHARD: writes}, entry=True))
    return dataflow
