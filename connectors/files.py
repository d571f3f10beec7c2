"""Files that are whole or not there, and digests of files and of rows."""

import hashlib
import os
from pathlib import Path

import msgspec


def write_whole(file: Path, data: bytes, mode: int | None = None, *, durable: bool = True) -> None:
    """Write a file so that it is there whole or not at all.

    Args:
        file: its directory is made if needed.
        data: what it holds.
        mode: permissions, in force before anything is in it; None: what the umask allows.
        durable: it also stays after a power cut; False for what is written anew every second.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}.draft")
    with draft.open("wb") as out:
        if mode is not None:
            os.fchmod(out.fileno(), mode)
        out.write(data)
        if durable:
            out.flush()
            os.fsync(out.fileno())
    if durable:
        put_in_place(draft, file)
    else:
        draft.replace(file)


def put_in_place(draft: Path, file: Path) -> None:
    """Give a finished draft its name and make the name durable."""
    draft.replace(file)
    handle = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(file: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


class ContentDigest:
    """SHA-256 over rows: equal rows in equal order have equal digests, however they are stored."""

    def __init__(self) -> None:
        """Begin with no row."""
        self._hash = hashlib.sha256()

    def add(self, row: object) -> None:
        """Take the next row: anything that JSON can hold."""
        self._hash.update(msgspec.json.encode(row, order="sorted") + b"\n")

    @property
    def hex(self) -> str:
        """Return the digest of the rows so far, in hex."""
        return self._hash.hexdigest()
