"""Files that are no backup: refused before a database is asked for anything."""

import zipfile
from pathlib import Path

import pytest

from connectors.storage.backup import MANIFEST, BackupUnusable, restore

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def zip_of(file: Path, manifest: bytes) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(MANIFEST, manifest)
    return file


@pytest.mark.parametrize("manifest", [b"", b"{}", b'{"schema": "\xff"}'])
def test_a_manifest_that_is_none(tmp_path: Path, manifest: bytes) -> None:
    with pytest.raises(
        BackupUnusable, match=r"has no readable manifest.*name a file of `db backup"
    ):
        restore(NOWHERE, "run_x", zip_of(tmp_path / "file", manifest))


@pytest.mark.parametrize(
    ("field", "value"), [(8, 99), (6, 1)], ids=["packed in another way", "locked with a password"]
)
def test_a_manifest_that_cannot_be_unpacked(tmp_path: Path, field: int, value: int) -> None:
    file = zip_of(tmp_path / "file", b"{}" * 100)
    data = bytearray(file.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[field] = data[entry + 2 + field] = value  # of the file, and of the directory at the end
    file.write_bytes(bytes(data))
    with pytest.raises(BackupUnusable, match="has no readable manifest"):
        restore(NOWHERE, "run_x", file)


def test_a_manifest_whose_bytes_were_changed(tmp_path: Path) -> None:
    file = zip_of(tmp_path / "file", bytes(range(256)) * 20)
    data = bytearray(file.read_bytes())
    start = data.index(MANIFEST.encode()) + len(MANIFEST)
    data[start : start + 3] = b"\xff\xff\xff"
    file.write_bytes(bytes(data))
    with pytest.raises(BackupUnusable, match="has no readable manifest"):
        restore(NOWHERE, "run_x", file)
