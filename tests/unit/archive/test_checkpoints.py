"""Checkpoints: written whole, read back, and never executed, wherever they come from."""

import hashlib
import pickle
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.archive.checkpoints import (
    STATE_VERSION,
    Checkpoint,
    CheckpointStore,
    encode_checkpoint,
    next_boundary,
)
from connectors.archive.files import StatesManifest, read_manifest, write_manifest
from connectors.envelope import Barrier, Envelope
from connectors.market.calendar import session_day
from operators.blocks import Block
from operators.states import StateUnreadable, decode_state
from operators.trading.sessions import GRACE_US
from tests.streams import CLOSE

BARRIER = Barrier(CLOSE + GRACE_US + 1, b'{"n":1}', {"desk": b'{"cash":2}', "accept": b"{}"})
SINK = b'{"marks":{}}'


class Evil:
    """Pickles as a call that would leave a file behind."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self._file,)


def blank(**changes: Any) -> StatesManifest:
    values = {
        "run_id": "run", "flow": "trade", "shard": "", "code_version": "1", "settings_hash": "h",
        "state_version": STATE_VERSION, **changes,
    }  # fmt: skip
    return StatesManifest(**values)


def test_a_checkpoint_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, blank())
    store.writer("all")(BARRIER, SINK)
    found = store.newest(["all", "0001"])
    assert list(found) == ["all"]
    assert found["all"].barrier == BARRIER
    assert bytes(found["all"].sink) == SINK


def test_the_bytes_depend_on_the_values_alone() -> None:
    again = Barrier(BARRIER.boundary, bytes(bytearray(BARRIER.source)), dict(BARRIER.steps))
    assert encode_checkpoint(again, SINK) == encode_checkpoint(BARRIER, SINK)
    assert b"operators" not in encode_checkpoint(BARRIER, SINK)


def test_the_newest_that_is_whole_is_used(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, blank())
    write = store.writer("all")
    later = next_boundary(BARRIER.boundary)
    assert later is not None
    write(BARRIER, SINK)
    write(BARRIER._replace(boundary=later), SINK)
    assert store.newest(["all"])["all"].boundary == later
    newest = store.directory("all") / f"{session_day(later - 1)}.state"
    for damage in (b"", newest.read_bytes()[:-1], newest.read_bytes().replace(b"2", b"3", 1)):
        newest.write_bytes(damage)
        assert store.newest(["all"])["all"].boundary == BARRIER.boundary


def test_a_boundary_written_twice_is_there_once(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, blank())
    write = store.writer("all")
    write(BARRIER, SINK)
    write(BARRIER, b'{"marks":{"a":{}}}')
    manifest = read_manifest(store.directory("all"), StatesManifest)
    assert [f.day for f in manifest.files] == ["2025-03-12"]
    assert bytes(store.newest(["all"])["all"].sink) == b'{"marks":{"a":{}}}'


@pytest.mark.parametrize(
    "other",
    [
        {"settings_hash": "other"}, {"code_version": "2"}, {"state_version": STATE_VERSION - 1},
        {"run_id": "other"},
    ],
)  # fmt: skip
def test_checkpoints_of_other_rules_or_versions_are_not_used(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    store = CheckpointStore(tmp_path, blank())
    store.writer("all")(BARRIER, SINK)
    directory = store.directory("all")
    manifest: StatesManifest = read_manifest(directory, StatesManifest)
    write_manifest(directory, msgspec.structs.replace(manifest, **other))
    assert store.newest(["all"]) == {}


def test_a_pickle_with_forged_hashes_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    store = CheckpointStore(tmp_path, blank())
    store.writer("all")(BARRIER, SINK)
    directory, left = store.directory("all"), tmp_path / "ran"
    data = pickle.dumps(Evil(left))
    (directory / "2025-03-12.state").write_bytes(data)
    manifest: StatesManifest = read_manifest(directory, StatesManifest)
    forged = msgspec.structs.replace(
        manifest.files[0], bytes=len(data), sha256=hashlib.sha256(data).hexdigest()
    )
    write_manifest(directory, msgspec.structs.replace(manifest, files=(forged,)))
    assert store.newest(["all"]) == {}
    with pytest.raises(StateUnreadable):
        decode_state(data, Checkpoint)
    assert not left.exists()


def test_a_step_that_a_checkpoint_lacks_is_named() -> None:
    envelope = Envelope(Block([], 1), origin=BARRIER.steps)
    assert envelope.state_of("desk") == b'{"cash":2}'
    with pytest.raises(StateUnreadable, match="it has no step ensemble"):
        envelope.state_of("ensemble")
