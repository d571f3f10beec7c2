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
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from connectors.files import write_whole
from messages.errors import UNDECODABLE, TidewireError

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
RESTORE: Final = "restore it from a copy (`tidewire archive import`)"
UPGRADE: Final = "upgrade Tidewire"
BEFORE_TIME: Final = "0000-00-00"  # sorts before every day: records before the log had a time
# Manifests come from strangers, too: these are parts of paths and numbers, and nothing else.
TopicName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,248}\Z")]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
Partition = Annotated[str, Meta(pattern=r"^[0-9]{1,9}\Z")]


class ArchiveDamaged(TidewireError, RuntimeError):
    """A file of the archive is not what its manifest says.

    Operator action: see the message; restore the file from a copy (`tidewire archive import`).

    Attributes:
        fault: what is amiss, and where.
        advice: what to do; whoever meets the fault elsewhere than in an archive of the home, as
            `connectors.archive.bundle` does, gives another one.
    """

    def __init__(self, fault: str, advice: str = RESTORE) -> None:
        """Say what is amiss and what to do."""
        super().__init__(fault, advice)
        self.fault, self.advice = fault, advice

    def __str__(self) -> str:
        """Return both as one sentence."""
        return f"{self.fault}: {self.advice}."


class DayFile(msgspec.Struct, frozen=True, kw_only=True):
    """One topic on one session day.

    Attributes:
        offsets: partition -> (first offset, offset after the last): without a gap from day to
            day, so a missing day shows.
        rows: records, ticks and repeats included.
        facts: those that readers see; None in a manifest of an earlier version.
    """

    topic: TopicName
    day: Day
    rows: int
    bytes: int
    sha256: str
    first_stamp: int
    last_stamp: int
    offsets: dict[Partition, tuple[int, int]]
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

    day: Day
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
    except (OSError, *UNDECODABLE) as error:
        fault = f"{file} cannot be read ({error})"
        raise ArchiveDamaged(fault) from error
    if found.format > FORMAT:
        fault = f"{file} has format {found.format}, this program knows {FORMAT}"
        raise ArchiveDamaged(fault, UPGRADE)
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
