"""Small archives made by hand: records of the log, day files and their manifest."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from connectors.archive.files import DayFile, TopicsManifest, write_manifest
from connectors.archive.spool import Spools
from connectors.kafka.layout import TICK_END
from connectors.kafka.raw_log import LogRecord
from connectors.runs import Run, params_dict
from messages.base import make_id
from messages.codec import encode
from messages.control import RunStarted
from messages.topics import RUNS_STARTED
from operators.blocks import Event
from operators.params import Params
from tests.streams import OPEN, at

DAY = "2025-03-12"
RUN = "run-1"


def record(topic: str, partition: int, offset: int, stamp: int, **changes: Any) -> LogRecord:
    """Return a record of a topic; its value names its place."""
    value = f"{topic}/{partition}/{offset}".encode()
    fields = {
        "topic": topic, "partition": partition, "offset": offset, "appended_ms": 1_000 + offset,
        "stamp": stamp, "seq": offset, "tick": None, "repeat": False, "key": b"k", "value": value,
        "headers": [("stamp", b"%d" % stamp)], "body": None,
    }  # fmt: skip
    return LogRecord(**{**fields, **changes})


def fact(topic: str, partition: int, offset: int, event: Event) -> LogRecord:
    """Return the record of a message."""
    value = encode(event.body)  # type: ignore[arg-type]  # a message by what the caller gives
    return record(topic, partition, offset, event.stamp, key=event.key.encode(), value=value)


def end_tick(topic: str, partition: int, offset: int, stamp: int) -> LogRecord:
    """Return the record that ends a partition."""
    changes = {"tick": TICK_END, "key": None, "value": None, "seq": None}
    return record(topic, partition, offset, stamp, **changes)


def write_days(archive: Path, days: Iterable[tuple[str, list[LogRecord]]]) -> list[DayFile]:
    """Write finished days and the manifest that names them."""
    spools, files = Spools(archive / "spool"), []
    for day, records in days:
        for each in records:
            spools.add(day, each)
        spools.flush()
        for topic in sorted({r.topic for r in records}):
            files.append(spools.finish(topic, day, archive / "topics"))
            spools.discard(topic, day)
    write_manifest(archive / "topics", TopicsManifest(run_id=RUN, files=tuple(files)))
    return files


def run_of(archive: Path, params: Params | None = None, **changes: Any) -> Run:
    """Return a run over one partition, its archive being `archive`; nothing is written."""
    moment = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)
    fields: dict[str, Any] = {
        "run_id": RUN, "directory": str(archive.parent / "run"), "bootstrap": "127.0.0.1:1",
        "prefix": "t.", "schema": "run_t", "partitions": 1, "database_url": "", "interval": "1m",
        "bars": "bars.parquet", "news": "", "pace": 0, "started_at": moment,
        "first_moment": moment, "params": params_dict(params or Params()), "archive": str(archive),
    }  # fmt: skip
    return Run(**{**fields, **changes})


def started(run: Run, **changes: Any) -> LogRecord:
    """Return the record that begins a run's log."""
    settings = msgspec.json.encode(run.params, order="sorted").decode()
    body = RunStarted(
        **{
            "id": make_id("run", run.run_id), "event_time": run.first_moment,
            "run_id": run.run_id, "code_version": "1",
            "settings_hash": hashlib.sha256(settings.encode()).hexdigest(),
            "settings": settings, "partitions": run.partitions, **changes,
        }
    )  # fmt: skip
    return fact(RUNS_STARTED.name, 0, 0, Event(OPEN, "", body))


def write_archive(archive: Path, records: list[LogRecord], run: Run | None = None) -> Run:
    """Write an archive of one day, `run.json` included: its RunStarted, then some records."""
    run = run or run_of(archive)
    head = [started(run), end_tick(RUNS_STARTED.name, 0, 1, at(1))]
    write_days(archive, [(DAY, [*head, *records])])
    (archive / "run.json").write_bytes(msgspec.json.encode(run))
    return run
