"""`tidewire status | topics | doctor | version`: looking, never touching."""

import json
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition, libversion

from connectors.archive.files import TopicsManifest, read_manifest
from connectors.kafka.layout import BrokerUnavailable
from connectors.runs import Run, load_run
from connectors.version import VERSION
from messages.topics import EVERY_TOPIC, Topic
from stack.commands.doctor import examine
from stack.errors import StackError
from stack.home import Home, tail
from stack.runtime.health import rows_of
from stack.runtime.live import running
from stack.servers.broker import cached_jars, jar_version


def run_status(home: Home, *, as_json: bool) -> tuple[str, int]:
    """Return the health of the running stack's flows, and 0 if all of them run."""
    there = running(home)
    if there is None:
        last = tail(home.path / "up.log", 1)
        text = f"nothing is up in {home.path}" + (
            "" if last == "no log" else f"; last word: {last}"
        )
        return (json.dumps({"up": False}) if as_json else text), 1
    rows = rows_of(Path(there["directory"]))
    good = bool(rows) and all(row.state == "running" for row in rows)
    if as_json:
        kept = {k: v for k, v in there.items() if k != "database_url"}
        return json.dumps({"up": True, **kept, "flows": [asdict(r) for r in rows]}), int(not good)
    head = f"{'flow':<12}{'state':<12}{'lag':>8}{'clock age':>11}{'epoch age':>11}{'restarts':>10}"
    lines = [
        f"run {there['run']} at {there['bootstrap']}, process {there['pid']}",
        f"{head}  metrics",
    ]
    for r in rows:
        metrics = f"http://127.0.0.1:{r.metrics_port}/metrics" if r.metrics_port else "off"
        lines.append(
            f"{r.flow:<12}{r.state:<12}{r.lag:>8,}{_age(r.clock_age_s):>11}"
            f"{_age(r.epoch_age_s):>11}{r.restarts:>10}  {metrics}"
        )
    return "\n".join(lines), int(not good)


def run_topics(home: Home, directory: Path | None) -> str:
    """Return every topic of a run: partitions, records there, and what is archived.

    Raises:
        StackError: no run is up and none was named.
        BrokerUnavailable: the run's broker does not answer.
    """
    run = _run(home, directory)
    manifest = read_manifest(Path(run.archive, "topics"), TopicsManifest)
    consumer = Consumer({"bootstrap.servers": run.bootstrap, "group.id": "look", "log_level": 2})
    lines = [f"{'topic':<26}{'message':<18}{'partitions':>11}{'records':>11}{'archived':>11}  name"]
    try:
        for topic in EVERY_TOPIC:
            spans = _spans(consumer, run, topic)
            archived = sum(manifest.archived_to(topic.name).values()) if manifest else 0
            lines.append(
                f"{topic.name:<26}{topic.schema.__name__:<18}{len(spans):>11}"
                f"{sum(end - first for first, end in spans):>11,}{archived:>11,}"
                f"  {run.layout.name(topic)}"
            )
    except KafkaException as error:
        reason = f"The broker at {run.bootstrap} does not answer ({error.args[0].str()}): start it."
        raise BrokerUnavailable(reason) from error
    finally:
        consumer.close()
    return "\n".join(lines)


def run_doctor(path: Path) -> tuple[str, int]:
    """Return the doctor's report, and 0 if nothing that is needed is missing."""
    found = list(examine(path))
    lines = [f"{f.mark:<8} {f.name:<16} {f.text}" for f in found]
    return "\n".join(lines), int(any(f.good is False for f in found))


def run_version() -> str:
    """Return the versions of the program and of what it stands on."""
    jars = cached_jars()
    return (
        f"tidewire {VERSION}, Python {sys.version.split()[0]}, bytewax {version('bytewax')}, "
        f"librdkafka {libversion()[0]}, Apache Kafka {jar_version(jars) if jars else 'not fetched'}"
    )


def _run(home: Home, directory: Path | None) -> Run:
    there = running(home)
    if directory is None and there is None:
        reason = "No run is up: start one with `tidewire up`, or name a run's directory with --run."
        raise StackError(reason)
    try:
        return load_run(directory or Path((there or {})["directory"]))
    except FileNotFoundError as error:
        reason = f"There is no run at {directory}: name a directory that holds run.json with --run."
        raise StackError(reason) from error


def _spans(consumer: Consumer, run: Run, topic: Topic[Any]) -> list[tuple[int, int]]:
    return [
        consumer.get_watermark_offsets(TopicPartition(run.layout.name(topic), p), timeout=10)
        for p in run.layout.partitions_of(topic)
    ]


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:,.1f} s"
