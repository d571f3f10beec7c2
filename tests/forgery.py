"""Archives with something changed in them, up to hashes that fit the change."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.archive.checkpoints import Checkpoint, encode_checkpoint
from connectors.archive.day_files import read_rows, table_of
from connectors.archive.files import StatesManifest, TopicsManifest, read_manifest, write_manifest
from connectors.archive.records import ArchivedRecord
from connectors.files import sha256_of
from operators.states import decode_state

Edit = Callable[[list[ArchivedRecord]], list[ArchivedRecord]]


def copy_of(archive: Path, target: Path) -> Path:
    """Copy an archive."""
    return Path(shutil.copytree(archive, target / archive.name))


def flip_a_byte(file: Path, place: float = 0.5) -> None:
    """Turn over one byte of a file, so far in."""
    data = bytearray(file.read_bytes())
    data[int(len(data) * place)] ^= 1
    file.write_bytes(bytes(data))


def rewrite(archive: Path, topic: str, day: str, edit: Edit, *, manifest: bool = True) -> None:
    """Write a day file anew with edited rows.

    Args:
        archive: of a run.
        topic: whose day file.
        day: which.
        edit: makes the new rows.
        manifest: True forges digests and the manifest too; False keeps the old digests, as when
            somebody edits a value in place.
    """
    file = archive / "topics" / topic / f"{day}.parquet"
    digests = pq.read_table(file, columns=["digest"])["digest"].to_pylist()
    table = table_of(edit(list(read_rows(file))))
    if not manifest:
        column = pa.array(digests, table.schema.field("digest").type)
        index = table.schema.get_field_index("digest")
        table = table.set_column(index, table.schema.field("digest"), column)
    pq.write_table(table, file)
    if manifest:
        known: TopicsManifest = read_manifest(archive / "topics", TopicsManifest)
        files = tuple(
            msgspec.structs.replace(f, rows=table.num_rows, sha256=sha256_of(file))
            if (f.topic, f.day) == (topic, day)
            else f
            for f in known.files
        )
        write_manifest(archive / "topics", msgspec.structs.replace(known, files=files))


def change(field: str, value: Any, of: str) -> Edit:
    """Return an edit that sets one field of the record with an id."""

    def edit(rows: list[ArchivedRecord]) -> list[ArchivedRecord]:
        edited = []
        for row in rows:
            body = msgspec.json.decode(row.value) if row.value else {}
            if body.get("id") == of and row.is_fact:
                body[field] = value(body[field]) if callable(value) else value
                row = row._replace(value=msgspec.json.encode(body))
            edited.append(row)
        return edited

    return edit


def forge_state(archive: Path, flow: str, shard: str, edit: Callable[[Any], None]) -> None:
    """Change the oldest checkpoint of a shard, step id -> plain values, and its manifest."""
    directory = archive / "states" / f"{flow}-{shard}"
    manifest: StatesManifest = read_manifest(directory, StatesManifest)
    file = manifest.files[0]
    kept = decode_state((directory / file.path).read_bytes(), Checkpoint)
    steps = {name: msgspec.json.decode(state) for name, state in kept.steps.items()}
    edit(steps)
    forged = {name: msgspec.json.encode(state) for name, state in steps.items()}
    data = encode_checkpoint(kept.barrier._replace(steps=forged), bytes(kept.sink))
    (directory / file.path).write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    new = msgspec.structs.replace(file, sha256=digest, bytes=len(data))
    files = (new, *manifest.files[1:])
    write_manifest(directory, msgspec.structs.replace(manifest, files=files))
