"""The archive's sink: the whole log of a run, one Parquet file per topic and session day.

A day of a topic is finished once every partition of the topic has passed its close. Only then
may Kafka forget it: topics are trimmed to what is archived and older than a week.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from connectors.archive.files import BEFORE_TIME, TopicsManifest, read_manifest, write_manifest
from connectors.archive.finisher import Finisher
from connectors.archive.spool import Spools
from connectors.kafka.raw_log import SHARD, Batch, LogRecord
from connectors.market.calendar import new_york_sessions, session_day
from connectors.telemetry import ARCHIVED
from operators.merge import FOR_EVER, NO_STAMP
from operators.states import State, decode_state, encode_state

Trim = Callable[[str, dict[int, int]], None]
AT_ONCE: Final = 500  # day files between two writings of the manifest


class SpoolState(State):
    """How far the spools were written: file name -> bytes."""

    lengths: dict[str, int]


class ArchivePartition(StatefulSinkPartition[Batch, bytes]):
    """Writes one run's archive."""

    def __init__(self, archive: Path, run_id: str, resume: bytes | None, trim: Trim | None) -> None:
        """Go on where the snapshot was; what the manifest holds is not written again."""
        self._topics = archive / "topics"
        found = read_manifest(self._topics, TopicsManifest)
        self._manifest: TopicsManifest = found or TopicsManifest(run_id=run_id)
        self._trim = trim
        self._finisher = Finisher()
        self._spools = Spools(archive / "spool", self._finisher.merge)
        finished = {(f.topic, f.day) for f in self._manifest.files}
        lengths = {} if resume is None else decode_state(resume, SpoolState).lengths
        self._spools.resume(lengths, finished)
        self._ends: dict[str, dict[int, int]] = {}
        self._clocks: dict[str, int] = {}
        # (topic, partition) -> (day, last stamp of that day)
        self._day: dict[tuple[str, int], tuple[str, int]] = {}

    def write_batch(self, values: list[Batch]) -> None:
        """Append records to their days; those in a finished file are there already."""
        for batch in values:
            for record in batch.records:
                if record.offset >= self._archived(record.topic).get(record.partition, 0):
                    self._spools.add(self._day_of(record), record)
            self._clocks.update(batch.clocks)

    def snapshot(self) -> bytes:
        """Write what was gathered, finish the days that are over; return the `SpoolState`."""
        self._spools.flush()
        self._finish(
            [
                (topic, day)
                for topic, clock in self._clocks.items()
                for day in self._spools.days(topic)
                if self._is_over(day, clock)
            ]
        )
        self._finisher.rest()
        return encode_state(SpoolState(lengths=dict(self._spools.lengths)))

    def close(self) -> None:
        """Keep the spools as they are: they are resumed."""
        self._spools.flush()
        self._finisher.close()

    def _finish(self, over: Sequence[tuple[str, str]]) -> None:
        """Make files of the days that are over, some at a time: each names them in the manifest.

        A run that is played may end hundreds of days at once, and the manifest names all of them.
        """
        for start in range(0, len(over), AT_ONCE):
            some = over[start : start + AT_ONCE]
            files = [self._spools.finish(topic, day, self._topics) for topic, day in some]
            self._manifest = TopicsManifest(
                run_id=self._manifest.run_id, files=(*self._manifest.files, *files)
            )
            write_manifest(self._topics, self._manifest)
            for (topic, day), file in zip(some, files, strict=True):
                self._spools.discard(topic, day)
                ARCHIVED.add(file.rows, {"topic": topic})
        for topic in dict.fromkeys(topic for topic, _ in over):
            self._ends.pop(topic, None)
            if self._trim is not None:
                self._trim(topic, self._archived(topic))

    def _archived(self, topic: str) -> dict[int, int]:
        if topic not in self._ends:
            self._ends[topic] = self._manifest.archived_to(topic)
        return self._ends[topic]

    def _day_of(self, record: LogRecord) -> str:
        """Return the session day of a record's stamp; remembered, as neighbours share it."""
        at = (record.topic, record.partition)
        day, last = self._day.get(at, ("", NO_STAMP))
        if not day or record.stamp > last:
            if record.stamp < 0:
                return BEFORE_TIME  # a stranger's record, before this log had a time
            end = new_york_sessions().end_of(record.stamp)
            day = session_day(record.stamp)
            self._day[at] = (day, record.stamp if end is None else end)
        return day

    @staticmethod
    def _is_over(day: str, clock: int) -> bool:
        if clock == FOR_EVER:
            return True
        return clock > NO_STAMP and day < session_day(clock)


class ArchiveSink(FixedPartitionedSink[Batch, bytes]):
    """One partition: the archive of one run."""

    def __init__(self, archive: Path, run_id: str, trim: Trim | None = None) -> None:
        """Remember where; nothing is opened here.

        Args:
            archive: directory of the run's archive.
            run_id: of the run.
            trim: called after a day file is complete with, per partition of each topic, the first
                offset not yet archived; Kafka may delete everything before it.
        """
        self._archive = archive
        self._run_id = run_id
        self._trim = trim

    def list_parts(self) -> list[str]:
        """Return the one partition."""
        return [SHARD]

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> ArchivePartition:
        """Open it at its snapshot."""
        return ArchivePartition(self._archive, self._run_id, resume_state, self._trim)
