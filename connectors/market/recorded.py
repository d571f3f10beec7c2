"""Recorded input as a Bytewax source: rows of a file, in order, as fast as the flow takes them.

The position is a row number, so a resumed player goes on where its snapshot was.
"""

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow.parquet as pq
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from connectors.envelope import Envelope
from messages.errors import TidewireError
from operators.admission import Row
from operators.blocks import Block, Event
from operators.states import State, decode_state, encode_state

BATCH: Final = 1_000
SLICES_PER_S: Final = 20
BAR_COLUMNS: Final = ("ticker", "open", "high", "low", "close", "volume")
SHARD: Final = "0"
Rows = Callable[[int], Iterator[Row]]


class InputUnusable(TidewireError, ValueError):
    """An input file cannot be played. Operator action: see the message; name another file."""


def bar_rows(file: Path) -> Rows:
    """Return a reader of a Parquet file of bars, from any row on.

    Raises:
        InputUnusable: the file is missing, no Parquet, or lacks a column.
    """
    try:
        parquet = pq.ParquetFile(file)
    except (OSError, ValueError) as error:
        reason = f"{file} is not a readable Parquet file ({error}): name one with --bars."
        raise InputUnusable(reason) from error
    names = set(parquet.schema_arrow.names)
    missing = [c for c in BAR_COLUMNS if c not in names]
    if missing or not names & {"timestamp", "ts"}:
        wanted = ", ".join(("timestamp (or ts)", *BAR_COLUMNS))
        reason = f"{file} lacks {', '.join(missing) or 'timestamp'}: its columns must be {wanted}."
        raise InputUnusable(reason)

    def rows(start: int) -> Iterator[Row]:
        number = 0
        for batch in parquet.iter_batches(16_384):
            if number + len(batch) <= start:
                number += len(batch)
                continue
            for values in batch.to_pylist():
                if number >= start:
                    yield Row(number, values)
                number += 1

    return rows


def article_rows(file: Path) -> Rows:
    """Return a reader of a JSON Lines file (gzip or plain) of articles, from any row on.

    Raises:
        InputUnusable: the file is missing or not gzip although it is named so.
    """
    try:
        with _open(file) as probe:
            probe.read(1)
    except OSError as error:
        reason = f"{file} cannot be read ({error}): name a .jsonl or .jsonl.gz file with --news."
        raise InputUnusable(reason) from error

    def rows(start: int) -> Iterator[Row]:
        with _open(file) as lines:
            for number, line in enumerate(lines):
                if number >= start:
                    yield Row(number, _object(line), line.rstrip(b"\n"))

    return rows


def no_rows(_start: int) -> Iterator[Row]:
    """Read nothing: the feed of a run without news."""
    return iter(())


def first_moment(rows: Rows) -> datetime | None:
    """Return the first readable time among the first thousand rows of an input."""
    for row in islice(rows(0), BATCH):
        values = row.values or {}
        found = values.get("timestamp", values.get("ts", values.get("published_at")))
        try:
            moment = msgspec.convert(found, datetime, strict=False)
        except msgspec.ValidationError:
            continue
        if moment.tzinfo is not None:
            return moment
    return None


class PlayedState(State):
    """How far a file was played: the next row, and whether its end was passed on."""

    row: int
    ended: bool


class RecordedPartition(StatefulSourcePartition[tuple[str, Envelope], bytes]):
    """Plays one file."""

    def __init__(
        self, rows: Rows, resume: bytes | None, stopping: Callable[[], bool], pace: int
    ) -> None:
        """Go to the row of the snapshot."""
        self._size = max(1, min(BATCH, pace // SLICES_PER_S)) if pace else BATCH
        self._wait = timedelta(seconds=self._size / pace) if pace else None
        state = None if resume is None else decode_state(resume, PlayedState)
        self._next, self._done = (state.row, state.ended) if state else (0, False)
        self._rows = rows(self._next)
        self._stopping = stopping

    def next_batch(self) -> list[tuple[str, Envelope]]:
        """Return the next rows; the last block says that the input is over."""
        if self._done or self._stopping():
            raise StopIteration
        rows = list(islice(self._rows, self._size))
        self._done = not rows
        self._next += len(rows)
        block = Block([Event(0, "", row) for row in rows], 0, self._done)
        return [(SHARD, Envelope(block))]

    def next_awake(self) -> datetime | None:
        """Say when the next rows are due; at once without a pace."""
        return None if self._wait is None or self._done else datetime.now(UTC) + self._wait

    def snapshot(self) -> bytes:
        """Return the encoded `PlayedState`."""
        return encode_state(PlayedState(row=self._next, ended=self._done))


class RecordedSource(FixedPartitionedSource[tuple[str, Envelope], bytes]):
    """One file, one partition; `pace` is rows per second, 0 as fast as the flow takes them."""

    def __init__(self, rows: Rows, stopping: Callable[[], bool], pace: int = 0) -> None:
        """Take a reader; nothing is opened here."""
        self._pace = pace
        self._rows = rows
        self._stopping = stopping

    def list_parts(self) -> list[str]:
        """Return the one partition."""
        return [SHARD]

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> RecordedPartition:
        """Open the file at the snapshot's row."""
        return RecordedPartition(self._rows, resume_state, self._stopping, self._pace)


def _open(file: Path) -> Any:
    return gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb")


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
