"""Days in the making: one append-only file per topic, day and partition, in log order.

Appended to between two snapshots of the flow; a snapshot keeps the lengths, and a resumed flow
cuts each file back to the length it knows. A finished day is merged into one Parquet file.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from connectors.archive.files import DayFile
from connectors.archive.records import ArchivedRecord, encode_row
from connectors.kafka.raw_log import LogRecord
from messages.errors import TidewireError

Merge = Callable[[str, str, Sequence[Path], Path], DayFile]  # topic, day, spools, target


class SpoolDamaged(TidewireError, RuntimeError):
    """A spool is shorter than the flow's snapshot knows, after a power cut for example.

    Operator action: delete the persist flow's recovery directory; it reads the topics again.
    """


class Spools:
    """The spools of one run."""

    def __init__(self, directory: Path, merge: Merge) -> None:
        """Use a directory, made when needed; `merge` makes a day's file of its spools."""
        self._directory = directory
        self._merge = merge
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
        return self._merge(topic, day, self._of(topic, day), topics / topic / f"{day}.parquet")

    def discard(self, topic: str, day: str) -> None:
        """Remove the spools of a day that its manifest names by now."""
        for spool in self._of(topic, day):
            spool.unlink()
            del self.lengths[spool.name]

    def _of(self, topic: str, day: str) -> list[Path]:
        prefix = f"{topic}~{day}~"
        return [self._directory / name for name in sorted(self.lengths) if name.startswith(prefix)]
