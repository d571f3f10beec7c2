"""Days in the making: one append-only file per topic, day and partition, in log order.

Appended to between two snapshots of the flow; a snapshot keeps the lengths, and a resumed flow
cuts each file back to the length it knows. A finished day is merged into one Parquet file.
"""

import heapq
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow.parquet as pq

from connectors.archive.files import DayFile
from connectors.archive.records import (
    COLUMNS,
    ROW_GROUP,
    ArchivedRecord,
    decode_row,
    encode_row,
    table_of,
)
from connectors.files import put_in_place, sha256_of
from connectors.kafka.raw_log import LogRecord
from messages.errors import TidewireError


class SpoolDamaged(TidewireError, RuntimeError):
    """A spool is shorter than the flow's snapshot knows, after a power cut for example.

    Operator action: delete the persist flow's recovery directory; it reads the topics again.
    """


class Spools:
    """The spools of one run."""

    def __init__(self, directory: Path) -> None:
        """Use a directory, made when needed."""
        self._directory = directory
        self._buffers: dict[str, bytearray] = {}
        self.lengths: dict[str, int] = {}

    def resume(self, lengths: Mapping[str, int], finished: set[tuple[str, str]]) -> None:
        """Cut every spool back to a snapshot's length; the rest is given again.

        Args:
            lengths: spool -> bytes.
            finished: (topic, day) that became Parquet after the snapshot; their spools are gone.

        Raises:
            SpoolDamaged: a spool has lost bytes that the snapshot counted.
        """
        for file in sorted(self._directory.glob("*.spool")):
            if file.name not in lengths:
                file.unlink()
        for name, length in lengths.items():
            topic, day, _ = name.split("~")
            if (topic, day) in finished:
                (self._directory / name).unlink(missing_ok=True)
                continue
            file = self._directory / name
            if length and (not file.exists() or file.stat().st_size < length):
                reason = (
                    f"{file} is shorter than the flow's snapshot knows: delete the persist flow's "
                    "recovery directory and start again; it reads the topics from the start."
                )
                raise SpoolDamaged(reason)
            with file.open("ab") as opened:
                opened.truncate(length)
            self.lengths[name] = length

    def add(self, day: str, record: LogRecord) -> None:
        """Append a record to the day's spool of its partition; durable after `flush`."""
        name = f"{record.topic}~{day}~{record.partition}.spool"
        row = encode_row(
            ArchivedRecord(
                record.stamp, record.partition, record.offset, record.appended_ms, record.seq,
                record.tick, record.repeat, record.key, record.value, record.headers,
            )
        )  # fmt: skip
        buffer = self._buffers.setdefault(name, bytearray())
        buffer += len(row).to_bytes(4, "big")
        buffer += row

    def flush(self) -> None:
        """Write what was added."""
        self._directory.mkdir(parents=True, exist_ok=True)
        for name, buffer in self._buffers.items():
            with (self._directory / name).open("ab") as out:
                out.write(buffer)
            self.lengths[name] = self.lengths.get(name, 0) + len(buffer)
        self._buffers.clear()

    def days(self, topic: str) -> list[str]:
        """Return the days of a topic in the making, oldest first."""
        return sorted({n.split("~")[1] for n in self.lengths if n.split("~")[0] == topic})

    def finish(self, topic: str, day: str, topics: Path) -> DayFile:
        """Merge a day's spools into one sorted Parquet file and return what vouches for it.

        Rows are sorted by (stamp, partition, offset), which keeps each partition's log order.
        """
        spools = self._of(topic, day)
        target = topics / topic / f"{day}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{day}.draft")
        offsets: dict[str, tuple[int, int]] = {}
        rows, first, last = 0, 0, 0
        with pq.ParquetWriter(draft, COLUMNS, compression="zstd") as writer:
            for group in _groups(heapq.merge(*(_rows(s) for s in spools), key=_place)):
                first = group[0].stamp if rows == 0 else first
                rows, last = rows + len(group), group[-1].stamp
                for row in group:
                    start, _ = offsets.get(str(row.partition), (row.offset, 0))
                    offsets[str(row.partition)] = (start, row.offset + 1)
                writer.write_table(table_of(group))
        with draft.open("rb+") as written:
            os.fsync(written.fileno())
        put_in_place(draft, target)
        return DayFile(
            topic=topic, day=day, rows=rows, bytes=target.stat().st_size,
            sha256=sha256_of(target), first_stamp=first, last_stamp=last, offsets=offsets,
        )  # fmt: skip

    def discard(self, topic: str, day: str) -> None:
        """Remove the spools of a day that its manifest names by now."""
        for spool in self._of(topic, day):
            spool.unlink()
            del self.lengths[spool.name]

    def _of(self, topic: str, day: str) -> list[Path]:
        prefix = f"{topic}~{day}~"
        return [self._directory / name for name in sorted(self.lengths) if name.startswith(prefix)]


def _place(row: ArchivedRecord) -> tuple[int, int, int]:
    return row.stamp, row.partition, row.offset


def _rows(spool: Path) -> Iterator[ArchivedRecord]:
    with spool.open("rb") as opened:
        while head := opened.read(4):
            yield decode_row(opened.read(int.from_bytes(head, "big")))


def _groups(rows: Iterator[ArchivedRecord]) -> Iterator[list[ArchivedRecord]]:
    group: list[ArchivedRecord] = []
    for row in rows:
        group.append(row)
        if len(group) == ROW_GROUP:
            yield group
            group = []
    if group:
        yield group
