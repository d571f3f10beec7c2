"""What lies where in an archive, and the manifests that vouch for it.

    ARCHIVE/<run>/run.json                     the run's settings, without any secret
    ARCHIVE/<run>/imported                     empty; there if it came by `archive import`
    ARCHIVE/<run>/topics/manifest.json         written by flows/persist alone
    ARCHIVE/<run>/topics/<topic>/<day>.parquet
    ARCHIVE/<run>/states/<flow>-<shard>/manifest.json   written by that flow alone
    ARCHIVE/<run>/states/<flow>-<shard>/<day>.state

A day is a session's day in New York: what is known after a close belongs to the next session.
Files appear whole or not at all; a manifest names a file only once it is durable.
"""

from pathlib import Path
from typing import Any, Final

import msgspec

from connectors.files import write_whole
from messages.errors import TidewireError

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
BEFORE_TIME: Final = "0000-00-00"  # sorts before every day: records before the log had a time


class ArchiveDamaged(TidewireError, RuntimeError):
    """A file of the archive is not what its manifest says.

    Operator action: see the message; restore the file from a copy (`tidewire archive import`).
    """


class DayFile(msgspec.Struct, frozen=True, kw_only=True):
    """One topic on one session day.

    Attributes:
        offsets: partition -> (first offset, offset after the last): without a gap from day to
            day, so a missing day shows.
        rows: records, ticks and repeats included.
        facts: those that readers see; None in a manifest of an earlier version.
    """

    topic: str
    day: str
    rows: int
    bytes: int
    sha256: str
    first_stamp: int
    last_stamp: int
    offsets: dict[str, tuple[int, int]]
    facts: int | None = None

    @property
    def path(self) -> str:
        """Return the file's path below `topics/`."""
        return f"{self.topic}/{self.day}.parquet"


class TopicsManifest(msgspec.Struct, frozen=True, kw_only=True):
    """Every day file of a run, in the order they were finished."""

    run_id: str
    files: tuple[DayFile, ...] = ()
    format: int = FORMAT

    def archived_to(self, topic: str) -> dict[int, int]:
        """Return partition -> the first offset that the archive lacks."""
        ends: dict[int, int] = {}
        for file in self.files:
            if file.topic == topic:
                for partition, (_, end) in file.offsets.items():
                    ends[int(partition)] = max(end, ends.get(int(partition), 0))
        return ends


class StateFile(msgspec.Struct, frozen=True, kw_only=True):
    """One shard's kept state: everything before `boundary` is in it, nothing at or after."""

    day: str
    boundary: int
    bytes: int
    sha256: str

    @property
    def path(self) -> str:
        """Return the file's path beside its manifest."""
        return f"{self.day}.state"


class StatesManifest(msgspec.Struct, frozen=True, kw_only=True):
    """Every kept state of one shard of one flow, by boundary."""

    run_id: str
    flow: str
    shard: str
    code_version: str
    settings_hash: str
    state_version: int
    files: tuple[StateFile, ...] = ()
    format: int = FORMAT


def read_manifest(directory: Path, kind: type[Any]) -> Any:
    """Read a directory's manifest; None where there is none yet.

    Raises:
        ArchiveDamaged: it is not readable, or of a newer format.
    """
    file = directory / MANIFEST
    try:
        found = msgspec.json.decode(file.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        reason = f"{file} cannot be read ({error}): restore it from a copy."
        raise ArchiveDamaged(reason) from error
    if found.format > FORMAT:
        reason = f"{file} has format {found.format}, this program knows {FORMAT}: upgrade Tidewire."
        raise ArchiveDamaged(reason)
    return found


def write_manifest(directory: Path, manifest: msgspec.Struct) -> None:
    """Replace a directory's manifest."""
    write_whole(directory / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))


def days_with(run: Path, topic: str) -> list[str]:
    """Return the finished session days on which a topic has facts, oldest first, by its manifest.

    None where nothing is archived yet; a day of which an earlier version does not tell counts.

    Raises:
        ArchiveDamaged: the manifest cannot be read.
    """
    found: TopicsManifest | None = read_manifest(run / "topics", TopicsManifest)
    files = () if found is None else found.files
    return sorted(
        f.day for f in files if f.topic == topic and f.facts != 0 and f.day != BEFORE_TIME
    )
