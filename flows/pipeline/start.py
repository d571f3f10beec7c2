"""The start of a run, before its first flow: database, topics, first facts."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from connectors.kafka.layout import Layout
from connectors.kafka.shards import whole
from connectors.kafka.sink import LogSinkPartition, Outbox
from connectors.market.calendar import new_york_sessions
from connectors.runs import Run
from connectors.storage.schema import upgrade
from connectors.storage.sink import seed
from connectors.user_strategies import described, strategy_names
from connectors.version import VERSION
from messages.base import Message, make_id
from messages.control import RunStarted
from messages.topics import EVERY_TOPIC, RUNS_STARTED, STRATEGY_WEIGHTS, Topic
from messages.units import to_micros
from operators.blocks import Event
from operators.learning.cycles import Cycles
from operators.learning.weights import first_changes, in_millionths, see_that_possible
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

    RunStarted's topic ends here. That of the weights ends here where they are fixed; otherwise
    `learn` makes the same first records again and goes on, and until then nobody waits for it.

    Raises:
        LearningImpossible: the weights cannot keep the guardrails.
    """
    spec, learning = run.spec, run.rules.learning
    at = to_micros(spec.first_moment)
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
    weights = in_millionths(equal_weights(strategy_names(run.rules)))
    see_that_possible(learning, weights)
    changes = first_changes(at, weights)
    _write(run, RUNS_STARTED, [Event(at, "", started)], at + 1, ended=True)
    fixed = learning.rule == "fixed"
    lead = Cycles(new_york_sessions(), learning.cycle_sessions).silent_until(at)
    first = [Event(at, "", change) for change in changes]
    _write(run, STRATEGY_WEIGHTS, first, at + 1 if fixed else lead, ended=fixed)


def _write(
    run: Run, topic: Topic[Message], events: Sequence[Event], frontier: int, *, ended: bool
) -> None:
    layout = run.layout
    sink = LogSinkPartition(layout, whole(layout, [topic]), None, entry=True)
    sink.write_batch([Outbox([(topic, event) for event in events], frontier, ended=ended)])
    sink.snapshot()
    sink.close()
