"""The start of a run, before its first flow: database, topics, first facts."""

from collections.abc import Callable, Iterable
from pathlib import Path

from connectors.kafka.layout import Layout
from connectors.kafka.shards import whole
from connectors.kafka.sink import LogSinkPartition, Outbox
from connectors.runs import Run
from connectors.storage.schema import upgrade
from connectors.storage.sink import seed
from connectors.user_strategies import described, strategy_names
from connectors.version import VERSION
from messages.base import Message, make_id
from messages.control import RunStarted
from messages.flows import FROM_THE_START
from messages.learning import WeightChange
from messages.topics import EVERY_TOPIC, RUNS_STARTED, STRATEGY_WEIGHTS, Topic
from messages.units import to_micros
from operators.blocks import Event
from operators.params import equal_weights

MakeTopics = Callable[[Layout, Iterable[Topic[Message]]], None]


def prepare(run: Run, make_topics: MakeTopics) -> str:
    """Make everything ready for a run's flows; returns the version of the database's schema.

    Called before the flows, at every start: what is there already is left as it is.

    Args:
        run: on running servers.
        make_topics: makes the topics that are missing.

    Raises:
        DatabaseUnavailable: no connection.
        SchemaTooNew: the schema is not one of this program's.
        BrokerUnavailable: no answer within 30 seconds.
        StrategyUnusable: a strategy of the user's own cannot be loaded.
    """
    version = upgrade(run.database_url, run.schema, run.retention_days)
    seed(run.database_url, run.schema, described(run.rules))
    make_topics(run.layout, EVERY_TOPIC)
    announce(run)
    return version


def announce(run: Run) -> None:
    """Publish RunStarted and the first weights, equal ones, unless they are there already.

    Weights are fixed in this version, so both topics end here: no flow waits for a change.
    """
    spec, at = run.spec, to_micros(run.spec.first_moment)
    started = RunStarted(
        id=make_id("run", run.run_id),
        event_time=spec.first_moment,
        run_id=run.run_id,
        code_version=VERSION,
        settings_hash=run.settings_hash,
        settings=run.settings,
        partitions=run.partitions,
        inputs=tuple(Path(f).name for f in (run.bars, run.news) if f),
    )
    changes = [
        WeightChange(
            id=make_id("wgt", strategy, "seed"),
            event_time=spec.first_moment,
            strategy=strategy,
            old=weight,
            new=weight,
            effective_from=spec.first_moment,
            reason="seed",
        )
        for strategy, weight in equal_weights(strategy_names(run.rules)).items()
    ]
    records = [
        (RUNS_STARTED, Event(at, "", started)),
        *((STRATEGY_WEIGHTS, Event(at, "", change)) for change in changes),
    ]
    layout = run.layout
    sink = LogSinkPartition(layout, whole(layout, FROM_THE_START), None, entry=True)
    sink.write_batch([Outbox(records, at + 1, ended=True)])
    sink.snapshot()
    sink.close()
