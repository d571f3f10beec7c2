"""The archive of a run on real services: all of it there, sorted, hashed, resumable, portable."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from connectors.archive.bundle import CannotImport, export, take_in
from connectors.archive.check import topics_manifest, verify
from connectors.archive.files import ArchiveDamaged
from connectors.kafka.layout import Layout, create_topics
from connectors.kafka.trimming import Trimmer
from messages.topics import MARKET_BARS
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.harness import MidRun, options, play, tables

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(400)]


def stutter(demo: Demo) -> bool:
    """Write the log's first bar once more, with its seq, as a dying producer may."""
    name = demo.run.layout.name(MARKET_BARS)
    settings = demo.run.layout.access.settings()
    consumer = Consumer({**settings, "group.id": "stutter"})
    consumer.assign([TopicPartition(name, 0, 0)])
    first = consumer.poll(1)
    consumer.close()
    if first is None or first.error() is not None:
        return False
    producer = Producer(settings)
    headers: Any = first.headers()
    producer.produce(name, first.value(), first.key(), 0, headers=headers)
    return producer.flush(60) == 0


@pytest.fixture
def played(two_shards: tuple[Demo, dict[str, Any]]) -> tuple[Demo, dict[str, Any]]:
    return two_shards


def archive_of(demo: Demo) -> Path:
    return Path(demo.run.archive)


def test_every_record_of_every_topic_is_there(played: tuple[Demo, dict[str, Any]]) -> None:
    demo, _ = played
    run, layout = archive_of(demo), demo.run.layout
    consumer = Consumer(
        demo.run.layout.access.settings({"group.id": "check", "fetch.wait.max.ms": 10})
    )
    for topic in layout.flows["persist"].reads:
        found: dict[tuple[int, int], tuple[Any, Any]] = {}
        ticks = 0
        for file in topics_manifest(run).files:
            if file.topic == topic.name:
                for row in pq.read_table(run / "topics" / file.path).to_pylist():
                    found[row["partition"], row["offset"]] = (row["key"], row["value"])
                    ticks += row["tick"] is not None
        wanted: dict[tuple[int, int], tuple[Any, Any]] = {}
        for p in layout.partitions_of(topic):
            at = TopicPartition(layout.name(topic), p, 0)
            end = consumer.get_watermark_offsets(at, timeout=60)[1]
            consumer.assign([at])
            while len([k for k in wanted if k[0] == p]) < end:
                for record in consumer.consume(500, 0.05):
                    wanted[p, record.offset() or 0] = (record.key(), record.value())
        assert found == wanted, topic.name
        assert ticks >= len(layout.partitions_of(topic)), topic.name
    consumer.close()
    assert not list((run / "spool").iterdir())


def test_days_are_session_days_and_what_comes_after_the_close_is_the_next_ones(
    played: tuple[Demo, dict[str, Any]],
) -> None:
    demo, _ = played
    files = {(f.topic, f.day): f for f in topics_manifest(archive_of(demo)).files}
    assert {day for topic, day in files if topic == "market.bars"} == {"2025-03-12", "2025-03-13"}
    bars = pq.read_table(archive_of(demo) / "topics/market.bars/2025-03-12.parquet").to_pylist()
    assert sum(row["tick"] is None for row in bars) == 7_800
    assert [(r["stamp"], r["partition"], r["offset"]) for r in bars] == sorted(
        (r["stamp"], r["partition"], r["offset"]) for r in bars
    )
    after = pq.read_table(archive_of(demo) / "topics/market.bars/2025-03-13.parquet").to_pylist()
    assert all(row["tick"] is not None for row in after)


def flip(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1] + b"?")


def stray(file: Path) -> None:
    shutil.copy(file, file.with_name("2030-01-01.parquet"))


HARMS: list[tuple[Callable[[Path], None], str]] = [
    (flip, "SHA-256 is"),
    (Path.unlink, "the file is missing"),
    (stray, "is in no manifest"),
]


def test_a_verified_archive_and_each_way_it_can_be_amiss(
    played: tuple[Demo, dict[str, Any]], tmp_path: Path
) -> None:
    demo, _ = played
    good = archive_of(demo)
    checked = verify(good)
    assert checked.states == 4  # signals twice, trade, learn: control had nothing to keep
    assert checked.rows > 7_800
    damaged = tmp_path / good.name
    for harm, named in HARMS:
        shutil.rmtree(damaged, ignore_errors=True)
        shutil.copytree(good, damaged)
        harm(damaged / "topics/trade.decisions/2025-03-12.parquet")
        with pytest.raises(ArchiveDamaged, match=named):
            verify(damaged)
    shutil.rmtree(damaged)
    shutil.copytree(good, damaged)
    (damaged / "states/trade-all/2025-03-12.state").write_bytes(b"")
    with pytest.raises(ArchiveDamaged, match=r"trade-all.*SHA-256"):
        verify(damaged)


def test_export_and_import(played: tuple[Demo, dict[str, Any]], tmp_path: Path) -> None:
    demo, _ = played
    bundle = tmp_path / "run.tar"
    counted = export(archive_of(demo), bundle)
    name, checked = take_in(bundle, tmp_path / "other")
    assert (name, checked) == (demo.run.run_id, counted)
    assert b"postgresql" not in bundle.read_bytes(), "a database URL left the house"
    with pytest.raises(CannotImport, match="there already"):
        take_in(bundle, tmp_path / "other")
    (tmp_path / "no.tar").write_bytes(b"no tar")
    with pytest.raises(CannotImport, match="cannot be unpacked"):
        take_in(tmp_path / "no.tar", tmp_path / "other")
    assert [d.name for d in (tmp_path / "other").iterdir()] == [name]


DAY_TWO = 11_000  # bars: some time in the second of the recorded days


class LoseRecovery:
    """Kills a flow and harms its recovery directory once its state was kept, within day two."""

    def __init__(self, mid_run: MidRun, **flows: Callable[[Path], None]) -> None:
        self.mid_run = mid_run
        self.left = {label.replace("_", "-"): harm for label, harm in flows.items()}

    def __call__(self, demo: Demo) -> None:
        if not self.mid_run(demo):
            return
        if not self.left:
            self.mid_run.go_on(demo)
        for label in list(self.left):
            child = demo.supervisor.children[label]
            flow = label.split("-")[0]
            kept = list(archive_of(demo).glob(f"states/{flow}-*/manifest.json"))
            directory = next(iter(demo.run.path("recovery").glob(f"{flow}*")), None)
            if child.process is not None and kept and directory is not None:
                child.process.kill()
                if child.process.wait() == -signal.SIGKILL:
                    self.left.pop(label)(directory)


def other_version(directory: Path) -> None:
    (directory / "state-version").write_text("1")


@pytest.mark.recorded
def test_a_lost_recovery_directory_is_rebuilt_from_the_kept_state(
    services: Services, two_days: tuple[Path, Path], one_shard: tuple[Demo, dict[str, Any]]
) -> None:
    calm, expected = one_shard
    lose = LoseRecovery(
        MidRun(services.access, DAY_TWO),
        signals_0=shutil.rmtree, trade=shutil.rmtree, learn=other_version,
    )  # fmt: skip
    stormy, summary = play(services, options(*two_days, pace=6_000), meddle=lose)
    assert lose.left == {}
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["digest"] == expected["digest"]
    assert tables(stormy) == tables(calm)
    for flow in ("trade", "learn"):
        log = stormy.supervisor.log_of(flow).read_text()
        assert "starts from the checkpoint of the close of 2026-03-19" in log
    assert "another version's, put aside" in stormy.supervisor.log_of("learn").read_text()
    checked = verify(archive_of(stormy))
    assert checked.rows > 17_158


def test_a_killed_archive_has_every_record_once(services: Services) -> None:
    kills: list[int] = []
    stuttered: list[bool] = []
    mid_run = MidRun(services.access, 1_000)

    def kill(demo: Demo) -> None:
        process = demo.supervisor.children["persist"].process
        spools = list((archive_of(demo) / "spool").glob("market.bars~*"))
        if process is None or not mid_run(demo) or not spools:
            return
        if not any(stuttered):
            stuttered.append(stutter(demo))
            return
        process.kill()
        kills.append(process.wait())
        mid_run.go_on(demo, 1_000 + 1_500 * len(kills) if len(kills) < 3 else None)

    demo, summary = play(services, options(pace=1_500), meddle=kill)
    assert kills == [-signal.SIGKILL] * 3
    assert any(stuttered)
    verify(archive_of(demo))
    bars = pq.read_table(archive_of(demo) / "topics/market.bars/2025-03-12.parquet").to_pylist()
    rows = [r for r in bars if r["tick"] is None]
    assert len({r["offset"] for r in rows}) == len(rows) == 7_801
    assert [r["value"] for r in rows if r["repeat"]] == [rows[0]["value"]]
    assert summary["bars"] == 7_800


def test_topics_are_trimmed_to_what_is_archived_and_no_further(layout: Layout) -> None:
    create_topics(layout, [MARKET_BARS])
    name = layout.name(MARKET_BARS)
    producer = Producer(layout.access.settings())
    for n in range(10):
        producer.produce(name, b"%d" % n, b"k", n % 2)
    assert producer.flush(60) == 0
    consumer = Consumer(layout.access.settings({"group.id": "t"}))

    def first(partition: int) -> int:
        return int(consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=60)[0])

    Trimmer(layout)(MARKET_BARS.name, {0: 3, 1: 5})
    assert (first(0), first(1)) == (0, 0), "younger than a week"
    Trimmer(layout, keep_ms=-60_000)(MARKET_BARS.name, {0: 3, 1: 0})
    assert (first(0), first(1)) == (3, 0)
    consumer.close()
