"""flows/persist: every topic -> the database, as it arrives, and the archive, by session day."""

from pathlib import Path

import bytewax.operators as op
from bytewax.dataflow import Dataflow

from connectors.archive.sink import ArchiveSink
from connectors.kafka.raw_log import Batch, RawLogSource
from connectors.kafka.trimming import Trimmer
from connectors.runs import Run
from connectors.storage.sink import DatabaseSink
from flows.pipeline.assembly import Stopping
from messages.flows import FROM_OUTSIDE, PAPER
from operators.blocks import Block, Event

FLOW = PAPER["persist"]
BROADCAST = frozenset(t.name for t in FLOW.reads if t.broadcast)  # small, and read from their start
UNSTORED = frozenset(
    t.name for t in FROM_OUTSIDE
)  # the archive has them; tables hold accepted ones


def facts(batch: Batch) -> Block:
    """Return what belongs in tables; order is no matter to rows."""
    events = [
        Event(r.stamp, (r.key or b"").decode(errors="replace"), r.body)
        for r in batch.records
        if r.body is not None and r.topic not in UNSTORED
    ]
    return Block(events, 0)


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Read everything; a broadcast record's copies have one id and so make one row."""
    dataflow = Dataflow("persist")
    reads = run.layout.flows["persist"].reads
    log = op.input("log", dataflow, RawLogSource(run.layout, reads, stopping))
    rows = op.map_value("facts", log, facts)
    op.output("database", rows, DatabaseSink(run.database_url, run.schema, stopping))
    archive = ArchiveSink(Path(run.archive), run.run_id, Trimmer(run.layout, never=BROADCAST))
    op.output("archive", log, archive)
    return dataflow
