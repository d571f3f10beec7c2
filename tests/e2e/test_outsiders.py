"""Outsiders with a plain client: they read every topic by its schema; what they write trades."""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from jsonschema import Draft202012Validator

from connectors.archive.check import topics_manifest, verify
from connectors.runs import Run, load_run
from messages.flows import AT_A_BROKER
from stack.audit.auditor import Auditor
from stack.runtime.demo import Demo
from stack.servers.principals import OUTSIDE
from stack.servers.services import Services
from tests.e2e.story import headline, write
from tests.e2e.test_bad_input import BARS, NEWS, strangers
from tests.harness import options, play
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]
ROOT = Path(__file__).resolve().parents[2]
GOOD = "MINE soars after record profit, analysts upgrade"


def more_strangers(demo: Demo) -> None:
    """Also a good command, and rubbish where the first strangers wrote none."""
    strangers(demo)
    producer = Producer(demo.run.layout.access.settings())
    command = {"id": "cmd-1", "event_time": "2025-03-12T13:31:00Z", "kind": "resume", "who": "me"}
    producer.produce(demo.run.prefix + "control.commands", json.dumps(command).encode())
    for topic in ("control.accepted", "trades.executed", "executions.corrected", "account.resets"):
        producer.produce(demo.run.prefix + topic, b"rubbish", None, 0)
    asked = {**command, "id": "ask-1", "who": "somebody"}
    producer.produce(demo.run.prefix + "control.requests", json.dumps(asked).encode())
    assert producer.flush(60) == 0


@pytest.fixture(scope="module")
def rich(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Play a day in which something happens on nearly every topic."""
    from connectors.market.bar_rows import bar_rows
    from connectors.market.simulated import record_days

    directory = tmp_path_factory.mktemp("rich")
    bars, _ = record_days(directory / "day", 20_250_312)
    rows = [row.values or {} for row in bar_rows(bars)(0)]
    news = [headline(30, "Apple soars after record profit, analysts upgrade", "AAPL"), *NEWS]
    demo, _ = play(
        services, options(*write(directory, [*rows, *BARS], news)), before=more_strangers
    )
    return demo


def test_a_plain_consumer_validates_every_topic(rich: Demo, services: Services) -> None:
    """It knows what the files in kafka/ say, and nothing else."""
    catalogue = json.loads((ROOT / "kafka/topics.json").read_text())
    access = services.access_of(OUTSIDE)
    consumer = Consumer(access.settings({"group.id": "outsider", "fetch.wait.max.ms": 10}))
    found: Counter[str] = Counter()
    unreadable: Counter[str] = Counter()
    for entry in catalogue:
        schema = json.loads((ROOT / "kafka" / entry["schema"]).read_text())
        check = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        for record in everything(consumer, rich.run.prefix + entry["topic"]):
            headers = dict(record.headers() or [])
            if "tick" in headers and "run" in headers:
                assert record.value() is None
                continue
            try:
                check.validate(json.loads(record.value() or b""))
                found[entry["topic"]] += 1
            except Exception:
                assert "traceparent" not in headers, "we wrote it"
                unreadable[entry["topic"]] += 1
    consumer.close()
    empty = {e["topic"] for e in catalogue} - found.keys()
    # The run's start ends its topic before a stranger can write; weights are ahead of time, so that
    # a stranger's comes after the end; feeds are live only.
    amended = {"executions.corrected", "account.resets"}  # nobody has corrected anything
    at_a_broker = {t.name for t in AT_A_BROKER}  # and none fills this run's orders
    silent = {"runs.started.dlq", "strategy.weights.dlq", "feeds.health"}
    assert empty == silent | amended | at_a_broker
    assert set(unreadable) == {
        "market.bars", "news.raw", "news.scored", "signals.generated", "control.commands",
        "control.accepted", "trades.executed", "executions.corrected", "account.resets",
    }  # fmt: skip


def test_what_strangers_wrote_before_time_began_is_archived_too(rich: Demo) -> None:
    archive = Path(rich.run.archive)
    assert verify(archive).rows > 7_800
    early = {f.topic: f for f in topics_manifest(archive).files if f.day == "0000-00-00"}
    assert early["market.bars"].offsets["0"] == (0, 10)
    assert early["news.raw"].rows == 4


def everything(consumer: Consumer, topic: str) -> Iterator[Any]:
    for partition in consumer.list_topics(topic, timeout=60).topics[topic].partitions:
        at = TopicPartition(topic, partition, 0)
        end, seen = consumer.get_watermark_offsets(at, timeout=60)[1], 0
        consumer.assign([at])
        while seen < end:
            for record in consumer.consume(500, 0.05):
                seen += 1
                yield record


def test_all_that_one_moment_led_to_is_one_trace(rich: Demo) -> None:
    consumer = Consumer(rich.run.layout.access.settings({"group.id": "trace"}))
    traces: dict[str, set[bytes]] = {}
    spans: set[bytes] = set()
    count = 0
    for topic in ("news.raw", "news.scored", "signals.generated", "trade.decisions"):
        for record in everything(consumer, rich.run.prefix + topic):
            headers = dict(record.headers() or [])
            if "traceparent" in headers:
                _, trace, span, _ = headers["traceparent"].split(b"-")
                traces.setdefault(headers["stamp"].decode(), set()).add(trace)
                spans.add(span)
                count += 1
    consumer.close()
    assert {len(found) for found in traces.values()} == {1}
    assert len(spans) == count > 100


def examples(directory: Path) -> dict[str, Path]:
    """Write the programs of docs/kafka.md to files, as they stand there: 15 lines at most."""
    text = (ROOT / "docs/kafka.md").read_text()
    found = {}
    for name, body in re.findall(r"```python (\w+\.py)\n(.*?)```", text, re.DOTALL):
        lines = [line for line in body.splitlines() if line]
        assert len(lines) <= 15, name
        assert not re.search(r"messages|operators|connectors|flows|stack", body), name
        found[name] = directory / name
        found[name].write_text(body)
    return found


def test_what_an_outsider_writes_to_a_live_stack_is_scored_and_traded(tmp_path: Path) -> None:
    programs, home = examples(tmp_path), tmp_path / "home"
    env = {**os.environ, "TIDEWIRE_HOME": str(home), "TIDEWIRE_RISK__OFF": "MARKET_CLOSED"}

    def tidewire(*arguments: str) -> str:
        command = [sys.executable, "-m", "stack.cli", *arguments]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    tidewire("up")
    try:
        there = json.loads(tidewire_status(env))
        tidewire("kafka", "config", "--out", str(tmp_path / "kafka.json"))
        outside = {**env, "PREFIX": there["prefix"]}
        reader = subprocess.Popen(
            [sys.executable, programs["reader.py"]], env=outside, cwd=tmp_path,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

        def write_and_wait(row: str, program: str, *arguments: str) -> None:
            command = [sys.executable, str(programs[program]), *arguments]
            subprocess.run(command, env=outside, cwd=tmp_path, check=True)
            eventually(lambda: re.search(rf"\b{row} +1\n", tidewire("db", "status")), what=row)

        write_and_wait("market_data", "bar.py", "MINE", "100.00", "2")
        write_and_wait("orders", "article.py", "MINE", GOOD)
        write_and_wait("trades", "bar.py", "MINE", "100.50", "1")
        assert reader.stdout is not None
        line = reader.stdout.readline()
        reader.kill()
        reader.wait()
        reader.stdout.close()
        assert re.fullmatch(r"\S+Z BUY 499 MINE 100.5101\n", line)
        rows = json.loads(tidewire_status(env))["flows"]
        assert {r["state"] for r in rows} == {"running"}
        run = load_run(Path(there["directory"]))
        eventually(lambda: audited(run) is None, what=lambda: audited(run))
        topics = tidewire("topics")
        assert re.search(r"orders.requested +OrderRequest", topics)
        dump = tmp_path / "run.dump"
        tidewire("db", "backup", str(dump))
        with zipfile.ZipFile(dump) as bundle:
            held = json.loads(bundle.read("manifest.json"))["tables"]
        assert min(held[name]["rows"] for name in ("market_data", "orders", "trades")) > 0
    finally:
        tidewire("down")


def audited(run: Run) -> str | None:
    """Return what the auditor finds amiss in a live run in which nothing happens just now."""
    with closing(Auditor(run)) as auditor:
        return auditor.examine().problem


def tidewire_status(env: dict[str, str]) -> str:
    """Return `tidewire status --json` once nothing is amiss, but that no bars come."""
    told: list[str] = []

    def running() -> bool:
        done = subprocess.run(
            [sys.executable, "-m", "stack.cli", "status", "--json"], env=env, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        told[:] = [done.stdout, done.stderr]
        return bool(done.stdout) and json.loads(done.stdout).get("standstill") == []

    eventually(running, what=lambda: told, step=0.3)
    return told[0]
