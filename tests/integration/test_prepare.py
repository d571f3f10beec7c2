"""The start of a run: database, topics and first facts, once, however often it is prepared."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from connectors.kafka.layout import Layout
from connectors.settings import Settings
from flows.pipeline.start import prepare
from messages.base import Message
from messages.topics import EVERY_TOPIC, Topic
from operators.params import OwnParams
from stack.audit.topic_reader import read_topics
from stack.runtime.new_run import new_run
from stack.servers.services import Services

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(120)]
EXAMPLES = Path(__file__).parents[1] / "own_examples.py"


def test_a_run_prepared_twice_is_a_run_prepared_once(services: Services) -> None:
    now = datetime.now(UTC)
    settings = Settings(own=OwnParams((f"{EXAMPLES}:Breakout",)))
    run = new_run(services, settings, f"prepared-{now:%H%M%S%f}", now, 2)
    asked: list[list[str]] = []

    def make_topics(layout: Layout, topics: Iterable[Topic[Message]]) -> None:
        asked.append([topic.name for topic in topics])
        services.make_topics(layout, EVERY_TOPIC)

    first, second = prepare(run, make_topics), prepare(run, make_topics)
    assert first == second
    assert asked == [[topic.name for topic in EVERY_TOPIC]] * 2
    names = ["runs.started", "strategy.weights"]
    found = read_topics(run.layout, names)
    started = [record.body for record in found["runs.started"]]
    assert {body["settings_hash"] for body in started} == {run.settings_hash}
    assert len(started) == len({record.partition for record in found["runs.started"]})
    weights = {body["strategy"] for body in (r.body for r in found["strategy.weights"])}
    assert weights == {"momentum", "mean_reversion", "news_driven", "breakout"}
    assert len(found["strategy.weights"]) % len(weights) == 0
    with psycopg.connect(run.database_url) as connection:
        query = f"SELECT name FROM {run.schema}.strategies"
        rows = connection.execute(query.encode()).fetchall()
    assert sorted(name for (name,) in rows) == sorted(weights)
