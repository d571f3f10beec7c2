"""Small archives made by hand: records of the log, day files and their manifest; whole days."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec

from connectors.archive.day_files import merge_spools
from connectors.archive.files import DayFile, TopicsManifest, write_manifest
from connectors.archive.reading import ArchivedRun
from connectors.archive.spool import Spools
from connectors.kafka.headers import TICK_END, RecordHeaders
from connectors.kafka.raw_log import LogRecord
from connectors.market.calendar import new_york_sessions
from connectors.parameters import params_dict
from connectors.runs import Run
from connectors.user_strategies import strategy_names
from flows.closed_loop import LEARNT, ClosedLoop
from messages.base import make_id
from messages.broker import BrokerEvent
from messages.codec import encode
from messages.control import Command, RunStarted
from messages.flows import PAPER
from messages.learning import StrategyMetric
from messages.news import RawArticle
from messages.requests import InputFile
from messages.runs import RunSpec
from messages.topics import (
    DEAD_LETTERS,
    RUNS_STARTED,
    TOPICS,
)
from operators.blocks import Block, Event
from operators.merge import place_of
from operators.params import Params, SentimentParams
from tests.learning import Learn
from tests.streams import OPEN, at, bar, raw, scored

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
    spools, files = Spools(archive / "spool", merge_spools), []
    for day, records in days:
        for each in records:
            spools.add(day, each)
        spools.flush()
        for topic in sorted({r.topic for r in records}):
            files.append(spools.finish(topic, day, archive / "topics"))
            spools.discard(topic, day)
    write_manifest(archive / "topics", TopicsManifest(run_id=RUN, files=tuple(files)))
    return files


PLAYED = InputFile(role="bars", digest="0" * 64, name="bars.parquet")


def spec_of(params: Params | None = None, **changes: Any) -> RunSpec:
    """Return what a run of played bars over one partition does."""
    moment = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)
    fields: dict[str, Any] = {
        "run_id": RUN, "partitions": 1, "interval": "1m", "inputs": (PLAYED,),
        "started_at": moment, "first_moment": moment, "params": params_dict(params or Params()),
    }  # fmt: skip
    return RunSpec(**{**fields, **changes})


def run_of(archive: Path, params: Params | None = None, **changes: Any) -> Run:
    """Return a run over one partition, its archive being `archive`; nothing is written."""
    fields: dict[str, Any] = {
        "spec": spec_of(params), "directory": str(archive.parent / "run"),
        "bootstrap": "127.0.0.1:1", "prefix": "t.", "schema": "run_t", "database_url": "",
        "bars": "bars.parquet", "archive": str(archive),
    }  # fmt: skip
    return Run(**{**fields, **changes})


def started(run: Run, **changes: Any) -> LogRecord:
    """Return the record that begins a run's log."""
    return fact(RUNS_STARTED.name, 0, 0, Event(OPEN, "", started_body(run, **changes)))


def started_body(run: Run, **changes: Any) -> RunStarted:
    """Return the message that begins a run's log."""
    settings = msgspec.json.encode(run.params, order="sorted").decode()
    return RunStarted(
        **{
            "id": make_id("run", run.run_id), "event_time": run.spec.first_moment,
            "run_id": run.run_id, "code_version": "1",
            "settings_hash": hashlib.sha256(settings.encode()).hexdigest(),
            "settings": settings, "partitions": run.partitions, **changes,
        }
    )  # fmt: skip


def write_archive(archive: Path, records: list[LogRecord], run: Run | None = None) -> Run:
    """Write an archive of one day, `run.json` included: its RunStarted, then some records."""
    run = run or run_of(archive)
    head = [started(run), end_tick(RUNS_STARTED.name, 0, 1, at(1))]
    write_days(archive, [(DAY, [*head, *records])])
    (archive / "run.json").write_bytes(msgspec.json.encode(run))
    return run


END = at(450)  # of the log: the full hour after the close
GOOD, BAD, MORE = "Alpha soars after profit", "Fraud probe hits Alpha", "Alpha upgraded"
NEWS = ((10.5, GOOD, 0.9), (35.5, BAD, -0.9), (58.5, MORE, 0.9))
FORGETFUL = Params(sentiment=SentimentParams(lookback_minutes=20))  # each of the news by itself


def traded_inputs() -> list[Event]:
    """Return an hour in order: bought on good news, sold on bad, denied soon after."""
    prices = {"AAA": 100_0000, "BBB": 50_0000}
    events = [bar(m, t, price) for m in range(1, 61) for t, price in prices.items()]
    for minute, title, score in NEWS:
        article = raw(minute, title, ("AAA",))
        id_ = cast("RawArticle", article.body).id
        told = scored(minute, "AAA", score, title=title, article_id=id_, causes=(id_,))
        events += [article, told]
    return sorted(events, key=lambda e: (e.stamp, e.key))


def archived_day(
    archive: Path, inputs: Sequence[Event] = (), params: Params | None = None, *,
    at_broker: bool = False,
) -> ArchivedRun:  # fmt: skip
    """Archive a whole day: inputs, and all that a run's flows make of them, as they write it.

    `at_broker`: orders end as the broker events among the inputs say.
    """
    inputs, run = list(inputs) or traded_inputs(), run_of(archive, params or FORGETFUL)
    if at_broker:
        spec = spec_of(params or FORGETFUL, mode="broker", inputs=())
        run = run_of(archive, spec=spec, bars="")
    begun = Event(OPEN, "", started_body(run))
    deaf = (RawArticle,) if at_broker else (RawArticle, BrokerEvent)
    heard = [begun, *(e for e in inputs if not isinstance(e.body, deaf))]
    loop = ClosedLoop(run.rules, new_york_sessions(), outside=at_broker)
    made = loop.step(Block(heard, END, ended=True))
    known = [e for e in [*heard, *made] if type(e.body) in PAPER["learn"].ranks]
    others = {*LEARNT, *(type(e.body) for e in heard)}
    made = [e for e in made if type(e.body) not in others]
    made += learnt(run.rules, sorted(known, key=place_of(PAPER["learn"])))
    topics: dict[type[Any], str] = {t.schema: t.name for t in reversed(TOPICS)}
    records: dict[str, list[Event]] = defaultdict(list)
    for event in [*inputs, *made]:
        records[topics[type(event.body)]].append(event)
        if isinstance(event.body, Command):
            records["control.accepted"].append(event)
    found = []
    for topic in (*TOPICS, *DEAD_LETTERS):
        if topic is not RUNS_STARTED:
            events = records[topic.name]
            found += [_written(run, topic.name, n, e) for n, e in enumerate(events)]
            found.append(end_tick(topic.name, 0, len(events), END))
    write_archive(archive, found, run)
    return ArchivedRun(archive)


def learnt(rules: Params, known: list[Event]) -> list[Event]:
    """Return what `learn` publishes for what it reads."""
    learn = Learn(rules, new_york_sessions(), strategy_names(rules))
    made = learn.step(Block(known, END, ended=True)).events
    return [e for e in made if type(e.body) in {*LEARNT, StrategyMetric}]


def _written(run: Run, topic: str, seq: int, event: Event) -> LogRecord:
    plain = fact(topic, 0, seq, event)
    headers = RecordHeaders(run.run_id)(event.stamp, seq, getattr(event.body, "id", ""))
    return plain._replace(headers=list(headers))
