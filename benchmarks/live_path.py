"""The live path on a real broker: Kafka -> decode -> signals -> Kafka, one worker.

Beside it the plainest loop there is: confluent-kafka in and out, each bar decoded and encoded
again by the same codec; and the same path over records without seals. Each in a process of its
own, whose start is taken off by a run over one bar. `python -m benchmarks.live_path FILE` prints
one JSON line: bars per CPU second.
"""

import json
import resource
import secrets
import subprocess
import sys
import tempfile
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from benchmarks.job_v1 import load
from connectors.files import sha256_of
from connectors.kafka.headers import TICK
from connectors.kafka.layout import create_topics
from connectors.kafka.sink import LogSinkPartition, Outbox
from connectors.parameters import params_dict
from connectors.runs import Run
from connectors.settings import Settings
from flows.pipeline.start import announce
from messages.codec import decoder, encode
from messages.market import Bar
from messages.requests import InputFile
from messages.runs import RunSpec
from messages.topics import (
    CONTROL_ACCEPTED,
    EVERY_TOPIC,
    MARKET_BARS,
    NEWS_SCORED,
    ORDERS_REQUESTED,
)
from messages.units import to_datetime
from operators.params import LearningParams, Params
from stack.home import Home
from stack.servers.services import Services

BARS = 390_000


def prepare(
    services: Services, directory: Path, file: Path, count: int, *, sealed: bool = True
) -> tuple[Run, int]:
    """Write bars as flows/market does, and an empty news topic; returns the run and how many."""
    events = load(file)[:count]
    name = f"bench-{uuid.uuid4().hex[:8]}"
    now = datetime.now(UTC)
    spec = RunSpec(
        run_id=name, partitions=1, interval="1m", started_at=now,
        inputs=(InputFile(role="bars", digest=sha256_of(file), name=file.name),),
        first_moment=to_datetime(events[0].stamp - 1),
        params=params_dict(Params(learning=LearningParams("fixed"))),
    )  # fmt: skip
    run = Run(
        spec=spec, directory=str(directory / name), bootstrap=services.bootstrap,
        client=dict(services.access.client), secret=secrets.token_hex(32) if sealed else "",
        prefix=f"{name}.", schema="none", database_url="", bars=str(file),
        archive=str(directory / "archive" / name),
    )  # fmt: skip
    run.save()
    create_topics(run.layout, EVERY_TOPIC)
    announce(run)
    end = events[-1].stamp + 1
    for topic, found in ((MARKET_BARS, events), (NEWS_SCORED, []), (CONTROL_ACCEPTED, [])):
        sink = LogSinkPartition(run.layout, {topic: range(1)}, None, entry=True)
        for start in range(0, len(found), 5_000):
            part = found[start : start + 5_000]
            sink.write_batch([Outbox([(topic, e) for e in part], part[-1].stamp)])
        sink.write_batch([Outbox([], end, ended=True)])
        sink.snapshot()
        sink.close()
    return run, len(events)


def cost(command: list[str]) -> float:
    """Run a command to its end; returns the CPU seconds of its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def signals(run: Run) -> float:
    """Return the CPU seconds of flows/signals over a run's bars."""
    return cost([sys.executable, "-m", "stack.cli", "flow", "signals", "--run", run.directory])


def by_plain_loop(run: Run) -> float:
    """Return the CPU seconds of the plain loop over a run's bars."""
    return cost([sys.executable, "-m", "benchmarks.live_path", "--plain", run.directory])


def plain(run: Run) -> None:
    """Read every bar, decode it, encode it again, write it."""
    read = decoder(Bar)
    topic, unused = run.layout.name(MARKET_BARS), run.layout.name(ORDERS_REQUESTED)
    settings: dict[str, Any] = run.layout.access.settings()
    consumer = Consumer({**settings, "group.id": uuid.uuid4().hex, "fetch.wait.max.ms": 20})
    consumer.assign([TopicPartition(topic, 0, 0)])
    producer = Producer(
        {**settings, "enable.idempotence": True, "acks": "all", "linger.ms": 2,
         "compression.type": "lz4"}
    )  # fmt: skip
    ended = False
    while not ended:
        for record in consumer.consume(2_000, 0.05):
            headers: dict[str, Any] = dict(record.headers() or [])
            if TICK in headers:
                ended = headers[TICK] == b"end"
                continue
            while True:
                try:
                    producer.produce(unused, encode(read(record.value() or b"")),
                                     record.key(), 0)  # fmt: skip
                    break
                except BufferError:
                    producer.poll(0.1)
        producer.poll(0)
    producer.flush(60)
    consumer.close()


def main() -> None:
    """Measure on the file named on the command line, or run the plain loop for itself."""
    if sys.argv[1] == "--plain":
        from connectors.runs import load_run

        plain(load_run(Path(sys.argv[2])))
        return
    with tempfile.TemporaryDirectory() as place:
        services = Services(Home(Path(place) / "home"), Settings())
        try:
            with services:
                file = Path(sys.argv[1])
                none, _ = prepare(services, Path(place), file, 1)
                run, bars = prepare(services, Path(place), file, BARS)
                bare, _ = prepare(services, Path(place), file, BARS, sealed=False)
                start = signals(none)
                ours, unsealed = signals(run) - start, signals(bare) - start
                theirs = by_plain_loop(run) - by_plain_loop(none)
        finally:
            services.database.discard()
    found = {
        "signals": round(bars / ours), "unsealed": round(bars / unsealed),
        "plain": round(bars / theirs),
    }  # fmt: skip
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
