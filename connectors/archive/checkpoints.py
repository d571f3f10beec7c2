"""Kept states: what each shard of each flow was right after a session's close.

Written by the flow's own sink once everything before the boundary is durable in its topics. A
flow without a recovery directory starts from the newest one and the topics behind it. Files are
pickles of plain data; reading refuses every class that is not on the list, so an archive from
elsewhere cannot run code.
"""

import hashlib
import io
import logging
import pickle
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final, NamedTuple

from connectors.archive.files import (
    ArchiveDamaged,
    StateFile,
    StatesManifest,
    read_manifest,
    write_manifest,
    write_whole,
)
from connectors.market.calendar import new_york_sessions, session_day
from operators.blocks import Barrier

PLAIN: Final = frozenset(
    {
        ("builtins", "set"), ("builtins", "frozenset"), ("builtins", "complex"),
        ("collections", "deque"), ("datetime", "datetime"), ("datetime", "timedelta"),
        ("datetime", "timezone"), ("decimal", "Decimal"), ("numpy", "ndarray"),
        ("numpy", "dtype"), ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"), ("numpy._core.numeric", "_frombuffer"),
        ("connectors.kafka.partition_reader", "Position"), ("connectors.kafka.sink", "Mark"),
        ("connectors.archive.checkpoints", "KeptState"),
        ("msgspec._utils", "rebuild"),  # of a message: calls a class that must be named here too
    }
)  # fmt: skip
# The form of every state: of sources, operators and sinks. Raised when one of them changes.
STATE_VERSION: Final = 3
OURS: Final = ("messages.", "operators.")
log = logging.getLogger(__name__)


class KeptState(NamedTuple):
    """One shard's state: the barrier's, and the sink's marks."""

    barrier: Barrier
    marks: Any


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        ours = module.startswith(OURS) and "." not in name
        if not ours and (module, name) not in PLAIN:
            reason = f"a kept state names {module}.{name}, which is not plain data: do not use it."
            raise ArchiveDamaged(reason)
        found = super().find_class(module, name)
        if ours and not isinstance(found, type):
            reason = f"a kept state names {module}.{name}, which is no class: do not use it."
            raise ArchiveDamaged(reason)
        return found


def load(data: bytes) -> Any:
    """Read pickled plain data.

    Raises:
        ArchiveDamaged: it names anything that is not plain data.
    """
    return _PlainUnpickler(io.BytesIO(data)).load()


def next_boundary(stamp: int) -> int | None:
    """Return the first boundary after a stamp: just after a session's close."""
    close = new_york_sessions().close_of(stamp)
    return None if close is None else close + 1


class StateKeeper:
    """Keeps the states of one flow's shards."""

    def __init__(self, archive: Path, manifest: StatesManifest) -> None:
        """Take the run's archive, and a manifest that says who writes: no shard, no files."""
        self._archive = archive
        self._blank = manifest

    def directory(self, shard: str) -> Path:
        """Return where a shard's states are."""
        return self._archive / "states" / f"{self._blank.flow}-{shard}"

    def keeper(self, shard: str) -> Callable[[Barrier, Any], None]:
        """Return what a shard's sink calls at a barrier, with its marks."""
        directory = self.directory(shard)

        def keep(barrier: Barrier, marks: Any) -> None:
            present = read_manifest(directory, StatesManifest) or self._named(shard)
            day = session_day(barrier.boundary - 1)
            data = pickle.dumps(KeptState(barrier, marks), protocol=5)
            digest = hashlib.sha256(data).hexdigest()
            new = StateFile(day=day, boundary=barrier.boundary, bytes=len(data), sha256=digest)
            write_whole(directory / new.path, data)
            others = [f for f in present.files if f.day != day]
            files = tuple(sorted((*others, new), key=lambda f: f.boundary))
            blank = self._named(shard)
            write_manifest(directory, _with_files(blank, files))

        return keep

    def newest(self, shards: Collection[str]) -> dict[str, KeptState]:
        """Return each shard's newest usable state; shards without one are left out.

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
                data = (directory / file.path).read_bytes()
                if hashlib.sha256(data).hexdigest() == file.sha256:
                    found[shard] = load(data)
                    break
                log.warning("%s is damaged, passed over", directory / file.path)
        return found

    def _named(self, shard: str) -> StatesManifest:
        b = self._blank
        return StatesManifest(
            run_id=b.run_id, flow=b.flow, shard=shard, code_version=b.code_version,
            settings_hash=b.settings_hash, state_version=STATE_VERSION,
        )  # fmt: skip


def _with_files(manifest: StatesManifest, files: tuple[StateFile, ...]) -> StatesManifest:
    return StatesManifest(
        run_id=manifest.run_id, flow=manifest.flow, shard=manifest.shard,
        code_version=manifest.code_version, settings_hash=manifest.settings_hash,
        state_version=manifest.state_version, files=files,
    )  # fmt: skip
