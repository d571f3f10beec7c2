"""Recorded input: rows by number, from any one on, whatever is in the file."""

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.envelope import SHARD
from connectors.market.bar_rows import bar_rows
from connectors.market.input_files import (
    InputUnusable,
    Rows,
    article_rows,
    first_moment,
    no_rows,
)
from connectors.market.recorded import BATCH, PlayedState, RecordedPartition, RecordedSource
from operators.admission import InputRow
from operators.states import encode_state

OPEN = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)


def bars(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [
        {"ticker": "AAA", "timestamp": OPEN + timedelta(minutes=n), "open": 1.0, "high": 1.0,
         "low": 1.0, "close": 1.0, "volume": n, **changes}
        for n in range(count)
    ]  # fmt: skip


def numbered(count: int) -> Rows:
    return lambda start: (InputRow(n, {"n": n}) for n in range(start, count))


def played(part: RecordedPartition) -> list[int]:
    """Play to the end and return the numbers of the rows; the last block says it is over."""
    found: list[int] = []
    while True:
        [(key, (block, *_))] = part.next_batch()
        assert key == SHARD
        found += [e.body.number for e in block.events if isinstance(e.body, InputRow)]
        if block.ended:
            assert block.events == []
            return found


@pytest.mark.parametrize("start", [0, 1, 16_383, 16_384, 16_385, 20_000, 20_001])
def test_bars_from_any_row_on(tmp_path: Path, start: int) -> None:
    pq.write_table(pa.Table.from_pylist(bars(20_000)), tmp_path / "bars.parquet")
    rows = list(bar_rows(tmp_path / "bars.parquet")(start))
    assert [r.number for r in rows] == list(range(start, 20_000))
    assert [(r.values or {})["volume"] for r in rows] == list(range(start, 20_000))


@pytest.mark.parametrize(
    ("without", "named"), [("volume", "lacks volume"), ("timestamp", "lacks timestamp")]
)
def test_a_file_that_lacks_a_column(tmp_path: Path, without: str, named: str) -> None:
    kept = [{k: v for k, v in row.items() if k != without} for row in bars(1)]
    pq.write_table(pa.Table.from_pylist(kept), tmp_path / "bars.parquet")
    with pytest.raises(InputUnusable, match=named):
        bar_rows(tmp_path / "bars.parquet")


@pytest.mark.parametrize("name", ["news.jsonl", "news.jsonl.gz"])
def test_articles_plain_or_zipped_and_lines_that_are_none(tmp_path: Path, name: str) -> None:
    good = json.dumps({"title": "one"}).encode()
    lines = [good, b"{broken", b"[1, 2]", b"\xff\xfe", b"", b"[" * 100_000, good]
    text = b"\n".join(lines) + b"\n"
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    rows = list(article_rows(tmp_path / name)(0))
    assert [r.values for r in rows] == [{"title": "one"}, *[None] * 5, {"title": "one"}]
    assert [r.raw for r in rows] == lines
    assert [r.number for r in article_rows(tmp_path / name)(5)] == [5, 6]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([{"timestamp": OPEN}], OPEN),
        ([{"ts": "2025-03-12T13:30:00Z"}], OPEN),
        ([{"published_at": OPEN.isoformat()}], OPEN),
        ([None, {}, {"ts": "soon"}, {"ts": OPEN.replace(tzinfo=None)}, {"ts": OPEN}], OPEN),
        ([{"ts": None}] * BATCH + [{"ts": OPEN}], None),
        ([], None),
    ],
)
def test_the_first_moment_of_an_input(
    values: list[dict[str, Any] | None], found: datetime | None
) -> None:
    assert first_moment(lambda _: (InputRow(n, v) for n, v in enumerate(values))) == found
    assert first_moment(no_rows) is None


@pytest.mark.parametrize("count", [0, 1, BATCH, BATCH + 1, 3 * BATCH])
def test_every_row_is_played_once_and_the_end_is_told(count: int) -> None:
    part = RecordedPartition(numbered(count), None, lambda: False, pace=0)
    assert played(part) == list(range(count))
    assert part.snapshot() == encode_state(PlayedState(row=count, ended=True))
    with pytest.raises(StopIteration):
        part.next_batch()


@pytest.mark.parametrize("batches", [0, 1, 2, 3])
def test_a_resumed_player_goes_on_behind_its_snapshot(batches: int) -> None:
    source = RecordedSource(numbered(2_500), lambda: False)
    assert source.list_parts() == [SHARD]
    first, before = source.build_part("step", SHARD, None), []
    for _ in range(batches):
        before += [e.body.number for e in first.next_batch()[0][1].block.events]  # type: ignore[attr-defined]  # rows
    again = source.build_part("step", SHARD, first.snapshot())
    assert before + played(again) == list(range(2_500))


def test_a_paced_player_gives_a_twentieth_of_a_second_at_a_time() -> None:
    part = RecordedPartition(numbered(100), None, lambda: False, pace=200)
    began = time.monotonic()
    for _ in range(4):
        [(_, (block, *_))] = part.next_batch()
        assert len(block.events) == 10
    assert time.monotonic() - began >= 3 * 0.05, "it waits by itself, by the monotonic clock"
    slow = RecordedPartition(numbered(100), None, lambda: False, pace=3)
    assert len(slow.next_batch()[0][1].block.events) == 1


def test_a_flow_that_is_to_stop_plays_no_more() -> None:
    part = RecordedPartition(numbered(10), None, lambda: True, pace=0)
    with pytest.raises(StopIteration):
        part.next_batch()
    nothing = encode_state(PlayedState(row=0, ended=False))
    assert part.snapshot() == nothing, "the end was not passed on"
