"""`tidewire topics`: every topic of a run, its records, and what of them is archived."""

import argparse
import sys
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from connectors.archive.files import TopicsManifest, read_manifest
from connectors.kafka.layout import BrokerUnavailable
from connectors.runs import Run, load_run
from messages.topics import EVERY_TOPIC, Topic
from stack.commands.options import home_of
from stack.commands.table import text_table
from stack.errors import StackError
from stack.home import Home
from stack.runtime.presence import running


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--run", type=Path, help="a run's directory (default: what is up)")


def run(options: argparse.Namespace) -> int:
    """Print the topics."""
    sys.stdout.write(run_topics(home_of(options), options.run) + "\n")
    return 0


def run_topics(home: Home, directory: Path | None) -> str:
    """Return every topic of a run: partitions, records there, and what is archived.

    Raises:
        StackError: no run is up and none was named.
        BrokerUnavailable: the run's broker does not answer.
    """
    run = _run(home, directory)
    manifest = read_manifest(Path(run.archive, "topics"), TopicsManifest)
    consumer = Consumer(run.layout.access.settings({"group.id": "look", "log_level": 2}))
    head = ("topic", "message", ">partitions", ">records", ">archived", "name")
    rows = []
    try:
        for topic in EVERY_TOPIC:
            spans = _spans(consumer, run, topic)
            archived = sum(manifest.archived_to(topic.name).values()) if manifest else 0
            records = sum(end - first for first, end in spans)
            rows.append(
                (topic.name, topic.schema.__name__, str(len(spans)), f"{records:,}",
                 f"{archived:,}", run.layout.name(topic))
            )  # fmt: skip
    except KafkaException as error:
        reason = f"The broker at {run.bootstrap} does not answer ({error.args[0].str()}): start it."
        raise BrokerUnavailable(reason) from error
    finally:
        consumer.close()
    return text_table(head, rows)


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
