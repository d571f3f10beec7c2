"""Reading an archive back: what is there, and whether it is what its manifests say."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.archive.day_files import COLUMNS, changed_row
from connectors.archive.files import (
    MANIFEST,
    ArchiveDamaged,
    DayFile,
    StatesManifest,
    TopicsManifest,
    read_manifest,
)
from connectors.files import sha256_of
from connectors.runs import Run
from messages.errors import UNDECODABLE


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of one run's archive counted."""

    files: int
    rows: int
    states: int


def topics_manifest(run: Path) -> TopicsManifest:
    """Return the manifest of a run's topics.

    Raises:
        ArchiveDamaged: there is no archive, no day in it, or its manifest cannot be read.
    """
    found: TopicsManifest | None = read_manifest(run / "topics", TopicsManifest)
    if found is None or not found.files:
        fault = f"{run} holds no finished day"
        raise ArchiveDamaged(fault, "name a run of which `tidewire archive ls` lists days")
    return found


def written_run(run: Path) -> Run:
    """Return what an archive's `run.json` says.

    Raises:
        ArchiveDamaged: it is missing, damaged, or of another version of the program.
    """
    file = run / "run.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=Run)
    except FileNotFoundError as error:
        fault = f"{run} has no run.json"
        raise ArchiveDamaged(fault) from error
    except (OSError, *UNDECODABLE) as error:
        fault = f"{file} cannot be read, it is damaged or of another version ({error})"
        raise ArchiveDamaged(fault) from error


def states_manifests(run: Path) -> Iterator[tuple[Path, StatesManifest]]:
    """Return the directory and manifest of every shard's kept states."""
    for file in sorted((run / "states").glob(f"*/{MANIFEST}")):
        yield file.parent, read_manifest(file.parent, StatesManifest)


def verify(run: Path) -> Checked:
    """Check every file of a run's archive: hash, rows, order, and no gap between days.

    No manifest names `run.json`: that it is a run's is all that can be seen.

    Raises:
        ArchiveDamaged: the first thing that is amiss, with the file and both values.
    """
    manifest = topics_manifest(run)
    written_run(run)
    ends: dict[tuple[str, int], int] = {}
    for file in manifest.files:
        path = run / "topics" / file.path
        vouch_for(path, file.sha256)
        _rows(path, file)
        for partition, (first, end) in file.offsets.items():
            at = (file.topic, int(partition))
            _same(path, f"first offset of partition {partition}", first, ends.get(at, first))
            ends[at] = end
    named = {run / "topics" / f.path for f in manifest.files}
    for path in sorted((run / "topics").glob("*/*.parquet")):
        if path not in named:
            fault = f"{path} is in no manifest"
            raise ArchiveDamaged(fault, "move it away")
    states = 0
    for directory, kept in states_manifests(run):
        for state in kept.files:
            path = directory / state.path
            vouch_for(path, state.sha256)
            states += 1
    return Checked(len(manifest.files), sum(f.rows for f in manifest.files), states)


def vouch_for(path: Path, sha256: str) -> None:
    """Check a file against its manifest's hash; names the changed row where there is one.

    Raises:
        ArchiveDamaged: it is missing, or not what was written.
    """
    if not path.is_file():
        _same(path, "SHA-256", "nothing: the file is missing", sha256)
    if (found := sha256_of(path)) != sha256:
        row = changed_row(path) if path.suffix == ".parquet" else None
        _same(path, f"{row} was changed; SHA-256" if row else "SHA-256", found, sha256)


def _rows(path: Path, file: DayFile) -> None:
    """Check that rows are sorted and that every offset from first to last is there.

    Raises:
        ArchiveDamaged: they are not, or they are no rows of a day file: its hash may fit all the
            same where its manifest was forged.
    """
    try:
        _rows_of(pq.ParquetFile(path), path, file)
    except (pa.ArrowException, OSError) as error:
        fault = f"{path} holds no rows that can be read ({error})"
        raise ArchiveDamaged(fault) from error


def _rows_of(parquet: pq.ParquetFile, path: Path, file: DayFile) -> None:
    if not parquet.schema_arrow.equals(COLUMNS):
        fault = f"{path} has other columns than a day file"
        raise ArchiveDamaged(fault)
    _same(path, "rows", parquet.metadata.num_rows, file.rows)
    last: tuple[int, int, int] | None = None
    next_offset: dict[str, int] = {p: first for p, (first, _) in file.offsets.items()}
    for batch in parquet.iter_batches(65_536, columns=["stamp", "partition", "offset"]):
        for place in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if last is not None and place <= last:
                fault = f"{path}: row {place} stands after {last}"
                raise ArchiveDamaged(fault)
            last = place
            partition = str(place[1])
            wanted = next_offset.get(partition, "that there is none")
            if isinstance(wanted, str) or place[2] < wanted:
                _same(path, f"offset in partition {partition}", place[2], wanted)
            next_offset[partition] = place[2] + 1
    _same(path, "offsets", next_offset, {p: end for p, (_, end) in file.offsets.items()})


def _same(path: Path, what: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        fault = f"{path}: {what} is {found}, its manifest says {wanted}"
        raise ArchiveDamaged(fault)
