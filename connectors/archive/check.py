"""Reading an archive back: what is there, and whether it is what its manifests say."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from connectors.archive.day_files import changed_row
from connectors.archive.files import (
    MANIFEST,
    ArchiveDamaged,
    DayFile,
    StatesManifest,
    TopicsManifest,
    read_manifest,
)
from connectors.files import sha256_of


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of one run's archive counted."""

    files: int
    rows: int
    states: int


def topics_manifest(run: Path) -> TopicsManifest:
    """Return the manifest of a run's topics.

    Raises:
        ArchiveDamaged: there is no archive, or its manifest cannot be read.
    """
    found: TopicsManifest | None = read_manifest(run / "topics", TopicsManifest)
    if found is None:
        reason = f"{run} holds no finished day: name a run that `tidewire archive ls` lists."
        raise ArchiveDamaged(reason)
    return found


def states_manifests(run: Path) -> Iterator[tuple[Path, StatesManifest]]:
    """Return the directory and manifest of every shard's kept states."""
    for file in sorted((run / "states").glob(f"*/{MANIFEST}")):
        yield file.parent, read_manifest(file.parent, StatesManifest)


def verify(run: Path) -> Checked:
    """Check every file of a run's archive: hash, rows, order, and no gap between days.

    Raises:
        ArchiveDamaged: the first thing that is amiss, with the file and both values.
    """
    manifest = topics_manifest(run)
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
            reason = f"{path} is in no manifest: move it away."
            raise ArchiveDamaged(reason)
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
    if not path.exists():
        _same(path, "SHA-256", "nothing: the file is missing", sha256)
    if (found := sha256_of(path)) != sha256:
        row = changed_row(path) if path.suffix == ".parquet" else None
        _same(path, f"{row} was changed; SHA-256" if row else "SHA-256", found, sha256)


def _rows(path: Path, file: DayFile) -> None:
    """Check that rows are sorted and that every offset from first to last is there."""
    parquet = pq.ParquetFile(path)
    _same(path, "rows", parquet.metadata.num_rows, file.rows)
    last: tuple[int, int, int] | None = None
    next_offset: dict[str, int] = {p: first for p, (first, _) in file.offsets.items()}
    for batch in parquet.iter_batches(65_536, columns=["stamp", "partition", "offset"]):
        for place in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if last is not None and place <= last:
                reason = f"{path}: row {place} stands after {last}: restore it from a copy."
                raise ArchiveDamaged(reason)
            last = place
            partition = str(place[1])
            if place[2] < next_offset[partition]:
                _same(path, f"offset in partition {partition}", place[2], next_offset[partition])
            next_offset[partition] = place[2] + 1
    _same(path, "offsets", next_offset, {p: end for p, (_, end) in file.offsets.items()})


def _same(path: Path, what: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        reason = (
            f"{path}: {what} is {found}, its manifest says {wanted}: restore it from a copy "
            "(`tidewire archive import`)."
        )
        raise ArchiveDamaged(reason)
