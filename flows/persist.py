"""flows/persist: every topic -> the database, as it arrives; order is no matter to rows."""

import bytewax.operators as op
from bytewax.dataflow import Dataflow

from connectors.kafka.source import MergedSource, all_reads
from connectors.runs import Run
from connectors.storage.sink import DatabaseSink
from flows.assembly import Stopping
from messages.topics import CONTROL_COMMANDS, DEAD_LETTERS, TOPICS

READS = (*(t for t in TOPICS if t is not CONTROL_COMMANDS), *DEAD_LETTERS)


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Read everything; a broadcast record's copies have one id and so make one row."""
    dataflow = Dataflow("persist")
    shards = {"all": all_reads(run.layout, READS)}
    source = MergedSource(run.layout, shards, stopping, ordered=False)
    events = op.input("log", dataflow, source)
    op.output("database", events, DatabaseSink(run.database_url, run.schema, stopping))
    return dataflow
