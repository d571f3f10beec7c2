"""Checkpoints: the states of each shard of each flow right after a session's close.

A flow's sink writes one once everything before the session boundary is durable in its topics. A
flow without a recovery directory starts from the newest one and the topics behind it. Files are
JSON; reading them runs no code, wherever they come from.
"""

import hashlib
import logging
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import msgspec

from connectors.archive.files import StateFile, StatesManifest, read_manifest, write_manifest
from connectors.envelope import Barrier
from connectors.files import write_whole
from connectors.market.calendar import new_york_sessions, session_day
from operators.states import State, StateUnreadable, decode_state, encode_state

# The form of every state: of sources, operators and sinks. Raised when one of them changes.
STATE_VERSION: Final = 8
log = logging.getLogger(__name__)


class Checkpoint(State):
    """One shard's state right after a session's close.

    Attributes:
        boundary: every event before it is in the state, none at or after it.
        source: the encoded state of the source.
        steps: step id -> the encoded state of the step.
        sink: the encoded state of the sink.
    """

    boundary: int
    source: msgspec.Raw
    steps: dict[str, msgspec.Raw]
    sink: msgspec.Raw

    @property
    def barrier(self) -> Barrier:
        """Return what travelled through the flow."""
        steps = {name: bytes(state) for name, state in self.steps.items()}
        return Barrier(self.boundary, bytes(self.source), steps)


def encode_checkpoint(barrier: Barrier, sink: bytes) -> bytes:
    """Return a checkpoint's bytes; equal states have equal bytes."""
    steps = {name: msgspec.Raw(state) for name, state in barrier.steps.items()}
    return encode_state(
        Checkpoint(
            boundary=barrier.boundary, source=msgspec.Raw(barrier.source), steps=steps,
            sink=msgspec.Raw(sink),
        )
    )  # fmt: skip


def next_boundary(stamp: int) -> int | None:
    """Return the first boundary after a stamp: just after a session's end."""
    end = new_york_sessions().end_of(stamp)
    return None if end is None else end + 1


class CheckpointStore:
    """Writes and reads the checkpoints of one flow's shards."""

    def __init__(self, archive: Path, manifest: StatesManifest) -> None:
        """Take the run's archive, and a manifest that says who writes: no shard, no files."""
        self._archive = archive
        self._blank = manifest

    def directory(self, shard: str) -> Path:
        """Return where a shard's states are."""
        return self._archive / "states" / f"{self._blank.flow}-{shard}"

    def writer(self, shard: str) -> Callable[[Barrier, bytes], None]:
        """Return what a shard's sink calls at a barrier, with its own encoded state."""
        directory = self.directory(shard)

        def write(barrier: Barrier, sink: bytes) -> None:
            present = read_manifest(directory, StatesManifest) or self._named(shard)
            day = session_day(barrier.boundary - 1)
            data = encode_checkpoint(barrier, sink)
            digest = hashlib.sha256(data).hexdigest()
            new = StateFile(day=day, boundary=barrier.boundary, bytes=len(data), sha256=digest)
            write_whole(directory / new.path, data)
            others = [f for f in present.files if f.day != day]
            files = tuple(sorted((*others, new), key=lambda f: f.boundary))
            blank = self._named(shard)
            write_manifest(directory, _with_files(blank, files))

        return write

    def newest(self, shards: Collection[str]) -> dict[str, Checkpoint]:
        """Return each shard's newest usable checkpoint; shards without one are left out.

        States made under other settings or by another version are not used: a flow rebuilds
        from the oldest record instead. A damaged one is named in the log and passed over.
        """
        found = {}
        for shard in shards:
            directory = self.directory(shard)
            manifest = read_manifest(directory, StatesManifest)
            if manifest is None or _with_files(manifest, ()) != self._named(shard):
                continue
            for file in reversed(manifest.files):
                if (checkpoint := _usable(directory / file.path, file)) is not None:
                    found[shard] = checkpoint
                    break
                log.warning("%s is damaged, passed over", directory / file.path)
        return found

    def _named(self, shard: str) -> StatesManifest:
        b = self._blank
        return StatesManifest(
            run_id=b.run_id, flow=b.flow, shard=shard, code_version=b.code_version,
            settings_hash=b.settings_hash, state_version=STATE_VERSION,
        )  # fmt: skip


def _usable(path: Path, file: StateFile) -> Checkpoint | None:
    if path.stat().st_size != file.bytes:
        return None
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != file.sha256:
        return None
    try:
        return decode_state(data, Checkpoint)
    except StateUnreadable:
        return None


def _with_files(manifest: StatesManifest, files: tuple[StateFile, ...]) -> StatesManifest:
    return StatesManifest(
        run_id=manifest.run_id, flow=manifest.flow, shard=manifest.shard,
        code_version=manifest.code_version, settings_hash=manifest.settings_hash,
        state_version=manifest.state_version, files=files,
    )  # fmt: skip
