"""The first test of all: one log, one order: live = replay = resumed, byte for byte."""

import json
import random
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from connectors.kafka.headers import TICK_END, TICK_PASS, read_headers
from connectors.kafka.layout import Layout, create_topics
from connectors.kafka.written import Written, read_written
from messages.codec import encode
from messages.market import Bar, bar_id
from messages.news import RawArticle, article_id, content_hash
from messages.topics import MARKET_BARS, NEWS_RAW, SIGNALS_GENERATED
from messages.units import MINUTE_US, SECOND_US, to_datetime
from tests.waiting import eventually, pause

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]
RELAY = Path(__file__).with_name("relay.py")
T0 = 1_773_322_200 * SECOND_US
Headers = list[tuple[str, str | bytes | None]]
OUTPUTS = (SIGNALS_GENERATED, MARKET_BARS.dead_letters)


def bar(ticker: str, stamp: int) -> bytes:
    start = to_datetime(stamp - MINUTE_US)
    return encode(
        Bar(
            id=bar_id(ticker, start, "1m"), event_time=to_datetime(stamp), ticker=ticker,
            start=start, interval="1m", open=10.0, high=11.0, low=9.5, close=10.5, volume=7,
            source="test",
        )
    )  # fmt: skip


def article(n: int, stamp: int) -> bytes:
    url, title, at = f"https://example.test/{n}", f"Headline {n}", to_datetime(stamp)
    return encode(
        RawArticle(
            id=article_id("test", url, title), event_time=at, source="test", url=url, title=title,
            published_at=at, fetched_at=at, content_hash=content_hash(url, title),
        )
    )  # fmt: skip


class LivePublisher:
    """Writes both topics as live flows do: stamps, seq, pauses, ticks on what is silent.

    Attributes:
        half: set once half of the stamps are written; `go_on` lets it write the others.
    """

    def __init__(self, layout: Layout, seed: int, *, stop_half_way: bool = False) -> None:
        self.half, self.go_on = threading.Event(), threading.Event()
        if not stop_half_way:
            self.go_on.set()
        self.layout = layout
        self.random = random.Random(seed)
        self.producer = Producer(layout.access.settings({"linger.ms": 0}))
        self.seq: dict[tuple[str, int], int] = {}
        self.records = 0

    def send(self, topic: str, p: int, stamp: int, key: str, value: bytes, repeat: int = 1) -> None:
        at = (topic, p)
        self.seq[at] = self.seq.get(at, -1) + 1
        run = self.layout.run_id.encode()
        headers: Headers = [("stamp", b"%d" % stamp), ("seq", b"%d" % self.seq[at]), ("run", run)]
        for _ in range(repeat):
            self.producer.produce(topic, value, key, p, headers=headers)
        self.records += 1

    def tick(self, stamp: int, kind: bytes) -> None:
        for topic in (NEWS_RAW, MARKET_BARS):
            for p in range(2):
                run = self.layout.run_id.encode()
                headers: Headers = [("stamp", b"%d" % stamp), ("tick", kind), ("run", run)]
                self.producer.produce(self.layout.name(topic), None, None, p, headers=headers)

    def play(self) -> None:
        """Write 600 stamps; partition 1 of the news stays idle but for ticks."""
        bars, news = self.layout.name(MARKET_BARS), self.layout.name(NEWS_RAW)
        for i in range(600):
            if i == 300:
                self.producer.flush()
                self.half.set()
                self.go_on.wait()
            stamp = T0 + i * 7 * SECOND_US
            for p in range(2):
                for ticker in self.random.sample(["AAPL", "AMD", "TSLA"], 2):
                    repeat = 2 if self.random.random() < 0.05 else 1
                    self.send(bars, p, stamp, ticker, bar(ticker, stamp), repeat)
            if self.random.random() < 0.4:
                late = stamp - 90 * SECOND_US if self.random.random() < 0.2 else stamp
                self.send(news, 0, late, f"art-{i}", article(i, stamp))
            if i % 97 == 5:
                self.send(bars, i % 2, stamp, "AMD", b'{"close": NaN}')
            if self.random.random() < 0.5:
                self.tick(stamp, TICK_PASS)
            if self.random.random() < 0.04:
                self.producer.flush()
                pause(self.random.random() * 0.25)
        self.tick(T0 + 3600 * 4 * SECOND_US, TICK_END)
        self.producer.flush()


def spawn(
    layout: Layout, prefix: str, tmp: Path, kill_after: int = 0, epoch: float = 0.2
) -> "subprocess.Popen[bytes]":
    config = tmp / f"{prefix}json"
    config.write_text(
        json.dumps(
            {
                "layout": {
                    "access": asdict(layout.access), "run_id": layout.run_id,
                    "prefix": layout.prefix, "partitions": 2,
                },
                "output_prefix": prefix,
                "recovery": str(tmp / f"{prefix}recovery"),
                "kill_after": kill_after,
                "epoch": epoch,
            }
        )
    )  # fmt: skip
    return subprocess.Popen([sys.executable, str(RELAY), str(config)])


def output(layout: Layout, prefix: str) -> dict[tuple[str, int], Written]:
    where = Layout(layout.access, layout.run_id, prefix, 2)
    return read_written(where, {(where.name(t), p): (0, -1) for t in OUTPUTS for p in range(2)})


def raw_seqs(layout: Layout, prefix: str) -> list[list[int]]:
    """Return the seq of every record as it lies in the topic, repeats and all."""
    name, found = f"{prefix}{SIGNALS_GENERATED.name}", []
    for p in range(2):
        consumer = Consumer(layout.access.settings({"group.id": "raw"}))
        end = consumer.get_watermark_offsets(TopicPartition(name, p), timeout=60)[1]
        consumer.assign([TopicPartition(name, p, 0)])
        seqs: list[int] = []
        at = 0
        while at < end:
            for record in consumer.consume(1000, 1.0):
                assert record.error() is None
                at = (record.offset() or 0) + 1
                seq = read_headers(record, layout.run_id.encode())[1]
                seqs += [] if seq is None else [seq]
        consumer.close()
        found.append(seqs)
    return found


def records(layout: Layout, prefix: str) -> list[tuple[str, int, list[bytes]]]:
    found = output(layout, prefix)
    assert all(w.ended for w in found.values())
    return [
        (n.removeprefix(prefix), p, [r.value for r in w.records])
        for (n, p), w in sorted(found.items())
    ]


def prepare(layout: Layout, *prefixes: str) -> None:
    create_topics(layout, (NEWS_RAW, MARKET_BARS))
    for prefix in prefixes:
        create_topics(Layout(layout.access, layout.run_id, prefix, 2), OUTPUTS)


@pytest.mark.parametrize("seed", [1, 2])
def test_live_equals_replay_equals_resumed(layout: Layout, tmp_path: Path, seed: int) -> None:
    live, replay, resumed = (f"{layout.prefix}{n}." for n in ("live", "replay", "resumed"))
    prepare(layout, live, replay, resumed)
    publisher = LivePublisher(layout, seed, stop_half_way=True)
    writing = threading.Thread(target=publisher.play, daemon=True)
    flow = spawn(layout, live, tmp_path)
    broken = spawn(layout, resumed, tmp_path, kill_after=1)
    writing.start()
    assert broken.wait(90) == -signal.SIGKILL, "killed while the input has half to come"
    publisher.go_on.set()
    pause(random.Random(seed).random())
    again = spawn(layout, resumed, tmp_path, kill_after=4)
    writing.join()
    assert flow.wait(90) == 0
    assert again.wait(90) in (0, -signal.SIGKILL)
    assert spawn(layout, resumed, tmp_path).wait(90) == 0
    assert spawn(layout, replay, tmp_path).wait(90) == 0
    expected = records(layout, live)
    assert records(layout, replay) == expected
    assert records(layout, resumed) == expected
    made = sum(len(values) for *_, values in expected)
    assert made >= publisher.records
    for seqs in raw_seqs(layout, resumed):
        assert seqs == list(range(len(seqs)))


def test_sigterm_takes_a_last_snapshot_and_exits_0(layout: Layout, tmp_path: Path) -> None:
    stopped, straight = (f"{layout.prefix}{n}." for n in ("stopped", "straight"))
    prepare(layout, stopped, straight)
    publisher = LivePublisher(layout, 3, stop_half_way=True)
    writing = threading.Thread(target=publisher.play, daemon=True)
    flow = spawn(layout, stopped, tmp_path)
    writing.start()
    assert publisher.half.wait(90)
    eventually(lambda: any(w.records for w in output(layout, stopped).values()))
    flow.send_signal(signal.SIGTERM)
    assert flow.wait(90) == 0
    assert not any(w.ended for w in output(layout, stopped).values())
    publisher.go_on.set()
    writing.join()
    assert spawn(layout, stopped, tmp_path).wait(90) == 0
    assert spawn(layout, straight, tmp_path).wait(90) == 0
    assert records(layout, stopped) == records(layout, straight)


def test_without_its_recovery_directory_a_flow_writes_nothing_twice(
    layout: Layout, tmp_path: Path
) -> None:
    prefix = f"{layout.prefix}lost."
    prepare(layout, prefix)
    LivePublisher(layout, 4).play()
    assert spawn(layout, prefix, tmp_path).wait(90) == 0
    before = records(layout, prefix)
    shutil.rmtree(tmp_path / f"{prefix}recovery")
    # Killed again and again with commits in the middle of what it makes a second time.
    for _ in range(4):
        spawned = spawn(layout, prefix, tmp_path, kill_after=3, epoch=0.001)
        assert spawned.wait(90) in (0, -signal.SIGKILL)
    assert spawn(layout, prefix, tmp_path).wait(90) == 0
    assert records(layout, prefix) == before
    for seqs in raw_seqs(layout, prefix):
        assert seqs == list(range(len(seqs)))


@pytest.mark.parametrize("seeds", [(5, 6), (6, 5)])
def test_another_execution_that_differs_stops_loudly(
    layout: Layout, tmp_path: Path, seeds: tuple[int, int], capfd: pytest.CaptureFixture[str]
) -> None:
    """The outputs of one input are in the topic; the flow is executed again on another input."""
    prefix = f"{layout.prefix}out."
    other = Layout(layout.access, layout.run_id, f"{layout.prefix}other.", 2)
    prepare(layout, prefix)
    prepare(other)
    LivePublisher(layout, seeds[0]).play()
    LivePublisher(other, seeds[1]).play()
    assert spawn(layout, prefix, tmp_path).wait(90) == 0
    shutil.rmtree(tmp_path / f"{prefix}recovery")
    assert spawn(other, prefix, tmp_path).wait(90) == 1
    assert "DeterminismBroken" in capfd.readouterr().err
