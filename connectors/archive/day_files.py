"""Day files: a day's records of a topic as Parquet, written and read.

What needs Arrow: a live run's flow has it done elsewhere (`connectors.archive.finisher`).
"""

import heapq
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.archive.files import DayFile
from connectors.archive.records import DIGEST_BYTES, ArchivedRecord, digest_of, spooled_rows
from connectors.files import put_in_place, sha256_of

ROW_GROUP: Final = 65_536
COLUMNS: Final = pa.schema(
    [
        pa.field("stamp", pa.int64(), nullable=False),
        pa.field("partition", pa.int32(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("append_time_ms", pa.int64(), nullable=False),
        pa.field("seq", pa.int64()),
        pa.field("tick", pa.binary()),
        pa.field("repeat", pa.bool_(), nullable=False),
        pa.field("key", pa.binary()),
        pa.field("value", pa.binary()),
        pa.field("headers", pa.map_(pa.string(), pa.binary())),
        pa.field("digest", pa.binary(DIGEST_BYTES), nullable=False),
    ]
)


def merge_spools(topic: str, day: str, spools: Sequence[Path], target: Path) -> DayFile:
    """Merge a day's spools into one sorted Parquet file and return what vouches for it.

    Rows are sorted by (stamp, partition, offset), which keeps each partition's log order.

    Args:
        topic: without the run's prefix.
        day: of the session.
        spools: of its partitions.
        target: the file, there whole or not at all.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{day}.draft")
    offsets: dict[str, tuple[int, int]] = {}
    rows, facts, first, last = 0, 0, 0, 0
    with pq.ParquetWriter(draft, COLUMNS, compression="zstd") as writer:
        for group in _groups(heapq.merge(*map(spooled_rows, spools), key=_place)):
            first = group[0].stamp if rows == 0 else first
            rows, last = rows + len(group), group[-1].stamp
            facts += sum(row.is_fact for row in group)
            for row in group:
                start, _ = offsets.get(str(row.partition), (row.offset, 0))
                offsets[str(row.partition)] = (start, row.offset + 1)
            writer.write_table(table_of(group))
    with draft.open("rb+") as written:
        os.fsync(written.fileno())
    put_in_place(draft, target)
    return DayFile(
        topic=topic, day=day, rows=rows, bytes=target.stat().st_size, sha256=sha256_of(target),
        first_stamp=first, last_stamp=last, offsets=offsets, facts=facts,
    )  # fmt: skip


def table_of(rows: Sequence[ArchivedRecord]) -> pa.Table:
    """Return rows as a table with their digests."""
    columns = [*zip(*rows, strict=True), [digest_of(row) for row in rows]]
    arrays = [
        pa.array(list(column), type=field.type)
        for column, field in zip(columns, COLUMNS, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=COLUMNS)


def read_rows(file: Path, *, headers: bool = True) -> Iterator[ArchivedRecord]:
    """Return a day file's rows in (stamp, partition, offset) order.

    Args:
        file: of the archive.
        headers: False leaves them empty; reading is then several times faster.
    """
    names = [n for n in ArchivedRecord._fields if headers or n != "headers"]
    for batch in pq.ParquetFile(file).iter_batches(ROW_GROUP, columns=names):
        columns: list[Any] = [batch.column(n).to_pylist() for n in names]
        if not headers:
            columns.append([[]] * len(batch))
        yield from map(ArchivedRecord._make, zip(*columns, strict=True))


def changed_row(file: Path) -> str | None:
    """Name the first row of a damaged file that is not what was written.

    Returns:
        Its place, or None where no single row can be blamed: the file cannot be read at all, or
        its rows are as written.
    """
    try:
        digests = pq.read_table(file, columns=["digest"])["digest"].to_pylist()
        for row, digest in zip(read_rows(file), digests, strict=True):
            if digest_of(row) != digest:
                return f"partition {row.partition}, offset {row.offset}"
    except (pa.ArrowException, OSError, LookupError, ValueError, TypeError, OverflowError):
        return None  # other columns, or other types than a day file's
    return None


def _place(row: ArchivedRecord) -> tuple[int, int, int]:
    return row.stamp, row.partition, row.offset


def _groups(rows: Iterable[ArchivedRecord]) -> Iterator[list[ArchivedRecord]]:
    group: list[ArchivedRecord] = []
    for row in rows:
        group.append(row)
        if len(group) == ROW_GROUP:
            yield group
            group = []
    if group:
        yield group
