"""Runs of the whole system for tests: on running servers, with a hand in the middle."""

import io
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from confluent_kafka import Consumer, Producer, TopicPartition
from rich.console import Console

from connectors.archive.reading import ArchivedRun
from connectors.kafka.access import Access
from connectors.kafka.headers import RecordHeaders, sealed
from connectors.settings import Settings
from connectors.storage.sink import table_names
from connectors.storage.tables import metadata
from flows.replay.certificate import Certificate, certify
from messages.codec import encode
from messages.control import Command
from messages.topics import CONTROL_COMMANDS
from messages.units import to_datetime
from stack.runtime.demo import Demo, DemoOptions
from stack.servers.services import Services
from tests.waiting import pause

# created_at and updated_at say when a row was written; `runs` names the run itself.
NOT_COMPARED = {"created_at", "updated_at"}
Meddle = Callable[[Demo], None]


class MidRun:
    """Stops `market` once it has written so many bars, and holds it there until told to go on.

    What a test does in the middle of a run then never races the run's end. The run needs a pace
    at which the bars do not all come between two looks.
    """

    def __init__(self, access: Access, bars: int) -> None:
        """Take the number of bars (records of market.bars, ticks included) to stop at."""
        self._consumer = Consumer(access.settings({"group.id": "mid-run"}))
        self._bars = bars
        self._held: int | None = None

    def __call__(self, demo: Demo) -> bool:
        """Tell whether the run stands there, with every bar up to there written."""
        process = demo.supervisor.children["market"].process
        if process is None:
            return False
        if self._held == process.pid:
            return True
        if self.size(demo, "market.bars") < self._bars:
            return False
        process.send_signal(signal.SIGSTOP)
        self._held = process.pid
        return True

    def go_on(self, demo: Demo, bars: int | None = None) -> None:
        """Let `market` run on, to the next such number of bars or to its end."""
        process = demo.supervisor.children["market"].process
        if process is not None and process.pid == self._held:
            process.send_signal(signal.SIGCONT)
        self._held = None
        self._bars = 1 << 62 if bars is None else bars

    def size(self, demo: Demo, topic: str) -> int:
        """Return the number of records of a topic of the run."""
        name = demo.run.prefix + topic
        partitions = self._consumer.list_topics(name, timeout=60).topics[name].partitions
        return sum(
            self._consumer.get_watermark_offsets(TopicPartition(name, p), timeout=60)[1]
            for p in partitions
        )


def options(
    bars: Path | None = None,
    news: Path | None = None,
    shards: int = 1,
    *,
    no_news: bool = False,
    pace: int = 0,
) -> DemoOptions:
    """Return the options of a checked run."""
    return DemoOptions(bars, news, "1m", shards, no_news, check=True, pace=pace)


def command_at(demo: Demo, *asked: tuple[int, dict[str, Any]]) -> None:
    """Write commands into a played run, stamped ahead of the player.

    Args:
        demo: whose topics exist and whose flows have not started.
        asked: (stamp, fields of the `Command`), in order.
    """
    layout, headers = demo.run.layout, RecordHeaders(demo.run.run_id)
    producer = Producer(layout.access.settings())
    for n, (stamp, fields) in enumerate(asked):
        body = Command(
            **{
                "id": f"cmd-{n}", "event_time": to_datetime(stamp), "who": "tester",
                "why": "a test", **fields,
            }
        )  # fmt: skip
        own = sealed(headers(stamp, n, body.id), layout.seal(CONTROL_COMMANDS), 0)
        producer.produce(layout.name(CONTROL_COMMANDS), encode(body), b"", 0, headers=own)  # type: ignore[arg-type]  # the stub forgets bytes
    assert producer.flush(60) == 0


def play(
    services: Services,
    chosen: DemoOptions,
    *,
    before: Meddle = lambda _: None,
    meddle: Meddle = lambda _: None,
    settings: Settings | None = None,
    timeout: float = 280,
) -> tuple[Demo, dict[str, Any]]:
    """Play a run to its end and audit it.

    Args:
        services: running servers.
        chosen: what to play.
        before: called once the topics exist and before any flow starts.
        meddle: called again and again while the flows run.
        settings: other than the defaults.
        timeout: seconds after which the run has failed.
    """
    demo = Demo(services, settings or Settings(), chosen, Console(file=io.StringIO()))
    demo.prepare()
    before(demo)
    began = time.monotonic()
    demo.supervisor.start()
    try:
        while not demo.supervisor.ended:
            demo.supervisor.watch()
            meddle(demo)
            pause(0.02)
            assert time.monotonic() - began < timeout, "the run does not end"
    finally:
        demo.supervisor.stop()
        demo.board.publish()
        demo.board.close()
    summary, good = demo.report(began)
    assert good == summary["accounted"]
    return demo, summary


def tables(demo: Demo) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of a run's schema, in order, without the columns that are not compared."""
    found = {}
    with psycopg.connect(demo.run.database_url) as connection:
        connection.execute(f"SET search_path TO {demo.run.schema}".encode())
        for name in table_names():
            skip = NOT_COMPARED | ({"id", "run_id"} if name == "runs" else set())
            columns = ", ".join(
                f'"{c.name}"' for c in metadata.tables[name].columns if c.name not in skip
            )
            query = f"SELECT {columns} FROM {name}"
            rows = connection.execute(query.encode()).fetchall()
            found[name] = sorted(rows, key=repr)
    return found


def proofs(demo: Demo) -> dict[str, str]:
    """Certify every day of a run's archive; returns day -> proof."""
    archive = ArchivedRun(Path(demo.run.archive), demo.run.rules.own.strategies)
    found = {day: certify(archive, day) for day in archive.days}
    assert all(isinstance(p, Certificate) for p in found.values()), found
    return {day: p.proof for day, p in found.items() if isinstance(p, Certificate)}
