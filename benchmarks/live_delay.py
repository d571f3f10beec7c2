"""From a bar's append to its order request's, on the running system, beside one bare hop.

`python -m benchmarks.live_delay TICKERS ROUNDS` starts the servers and every flow of a live run,
appends a bar of each ticker at once, again and again, and prints one JSON line: milliseconds at the
50th and the 99th percentile from the append of a bar to the append of the order request it led to,
by the broker's clock; and the same of a bare loop that consumes a record and produces one. The two
take turns, round by round. Every bar leads to an order.
"""

import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from connectors.feed.params import NewsParams
from connectors.kafka.access import Access
from connectors.kafka.headers import TICK
from connectors.kafka.layout import APPEND_TIME, TIME_TYPE
from connectors.sentiment.params import ScoringParams
from connectors.settings import Settings
from flows.pipeline.start import prepare
from messages.topics import MARKET_BARS, ORDERS_REQUESTED, Topic
from operators.params import AccountParams, EnsembleParams, OwnParams, RiskParams
from stack.home import Home
from stack.runtime.new_run import new_run
from stack.runtime.supervisor import Supervisor, run_flows
from stack.servers.services import Services

REST_S: Final = 1.5  # between rounds: what one led to is over
WAIT_S: Final = 20.0
WARM: Final = 3
STRATEGY: Final = Path(__file__).resolve().with_name("always_long.py")
OFF: Final = (
    "MARKET_CLOSED", "ALREADY_HELD", "STALE_PRICE", "COOLDOWN", "MAX_POSITION_PCT", "MAX_EXPOSURE",
    "BUYING_POWER", "MAX_PARTICIPATION", "MAX_FEES",
)  # fmt: skip


def settings() -> Settings:
    """Return the settings of a run in which every bar leads to an order."""
    return Settings(
        own=OwnParams((f"{STRATEGY}:AlwaysLong",)),
        ensemble=EnsembleParams(threshold=0.1),
        risk=RiskParams(max_positions=1_000_000, position_bps=1, off=OFF),
        account=AccountParams(start_cash=10_000_000), news=NewsParams(feeds=()),
        scoring=ScoringParams(tier="instant", ollama_url=""), metrics=False,
    )  # fmt: skip


@contextmanager
def running(home: Path) -> Iterator[tuple[Services, Any]]:
    """Run servers and flows; order requests keep the moment of their append."""
    services = Services(Home(home), settings())
    try:
        with services:
            run = new_run(services, settings(), "delay", datetime.now(UTC), 1)
            run.save()
            name = run.layout.name(ORDERS_REQUESTED)
            admin = AdminClient(services.access.settings())  # named: its futures die with it
            topic = NewTopic(name, 1, 1, config={TIME_TYPE: APPEND_TIME})
            admin.create_topics([topic])[name].result(60)
            prepare(run, services.make_topics)
            supervisor = Supervisor(run.path(), run_flows(1))
            supervisor.start()
            try:
                yield services, run
            finally:
                supervisor.stop()
    finally:
        services.database.discard()


class Watch:
    """Reads one partition from its present end."""

    def __init__(self, access: Access, topic: str) -> None:
        """Begin at the end."""
        self._consumer = Consumer(
            access.settings({"group.id": uuid.uuid4().hex, "fetch.wait.max.ms": 100})
        )
        at = TopicPartition(topic, 0)
        end = self._consumer.get_watermark_offsets(at, timeout=30)[1]
        self._consumer.assign([TopicPartition(topic, 0, end)])

    def close(self) -> None:
        """Leave the broker while it is there: a consumer that is not closed waits for it."""
        self._consumer.close()

    def take(self, count: int) -> list[tuple[str, int]]:
        """Return key and append time, milliseconds, of the next facts."""
        found: list[tuple[str, int]] = []
        deadline = time.monotonic() + WAIT_S
        while len(found) < count and time.monotonic() < deadline:
            for record in self._consumer.consume(10_000, 0.05):
                if TICK not in dict(record.headers() or []):
                    ticker = json.loads(record.value() or b"{}").get("ticker", "")
                    found.append((ticker, record.timestamp()[1]))
        return found


class Feed:
    """Appends a bar of each ticker at once."""

    def __init__(self, access: Access, topic: str, tickers: int) -> None:
        """Name the tickers."""
        self.names = [f"T{n}" for n in range(tickers)]
        self._producer = Producer(access.settings({"linger.ms": 0, "acks": "all"}))
        self._topic, self._round = topic, 0

    def send(self) -> None:
        """Append the next round."""
        self._round += 1
        end = datetime.now(UTC)
        start = end - timedelta(minutes=1)
        for name in self.names:
            bar = {
                "id": f"b-{name}-{self._round}", "event_time": end.isoformat(), "ticker": name,
                "start": start.isoformat(), "interval": "1m", "open": 100, "high": 100, "low": 100,
                "close": 100, "volume": 1_000_000, "source": "bench",
            }  # fmt: skip
            self._producer.produce(self._topic, json.dumps(bar).encode(), name)
            self._producer.poll(0)
        self._producer.flush(WAIT_S)


def relay(file: Path) -> None:
    """Consume a record, produce one: a bare hop, until killed."""
    said = json.loads(file.read_text())
    consumer = Consumer({**said["client"], "group.id": "relay", "fetch.wait.max.ms": 100})
    consumer.assign([TopicPartition(said["from"], 0, 0)])
    producer = Producer({**said["client"], "enable.idempotence": True, "acks": "all"})
    while True:
        record = consumer.poll(0.1)
        if record is not None and record.error() is None:
            producer.produce(said["to"], record.value(), record.key(), 0)
        producer.poll(0)


@contextmanager
def hop(services: Services, place: Path) -> Iterator[tuple[str, str]]:
    """Run the bare loop between two topics that keep the moment of each append."""
    admin = AdminClient(services.access.settings())
    names = ("hop.from", "hop.to")
    made = admin.create_topics([NewTopic(n, 1, 1, config={TIME_TYPE: APPEND_TIME}) for n in names])
    for future in made.values():
        future.result(60)
    file = place / "relay.json"
    said = {"client": services.access.settings(), "from": names[0], "to": names[1]}
    file.write_text(json.dumps(said))
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.live_delay", "--relay", file])
    try:
        yield names
    finally:
        process.kill()
        process.wait()


def delays(feed: Feed, before: Watch, after: Watch) -> list[int]:
    """Append a round; return the milliseconds from each append to what it led to."""
    feed.send()
    count = len(feed.names)
    began, ended = dict(before.take(count)), dict(after.take(count))
    time.sleep(REST_S)
    return [ended[name] - at for name, at in began.items() if name in ended]


def measured(tickers: int, rounds: int) -> dict[str, float]:
    """Return the percentiles of both, and how many bars led to no order."""
    with tempfile.TemporaryDirectory() as place, running(Path(place) / "home") as (services, run):

        def lane(start: str, end: str) -> tuple[Feed, Watch, Watch]:
            access = services.access
            return Feed(access, start, tickers), Watch(access, start), Watch(access, end)

        def name(topic: Topic[Any]) -> str:
            return str(run.layout.name(topic))

        with hop(services, Path(place)) as (source, target):
            ours, bare = lane(name(MARKET_BARS), name(ORDERS_REQUESTED)), lane(source, target)
            for _ in range(WARM):  # the first rounds wake everything up
                for lanes in (ours, bare):
                    delays(*lanes)
            found: dict[str, list[int]] = {"bar to order": [], "bare hop": []}
            for _ in range(rounds):
                found["bar to order"] += delays(*ours)
                found["bare hop"] += delays(*bare)
            for _, before, after in (ours, bare):
                before.close()
                after.close()
    said: dict[str, float] = {}
    for what, values in found.items():
        for percent in (50, 99):
            said[f"{what} p{percent}"] = round(float(np.percentile(values, percent)), 1)
    said["missing"] = tickers * rounds - len(found["bar to order"])
    return said


def main() -> None:
    """Measure, or be the bare loop."""
    if sys.argv[1] == "--relay":
        relay(Path(sys.argv[2]))
    sys.stdout.write(json.dumps(measured(int(sys.argv[1]), int(sys.argv[2]))) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
