"""Files of recorded articles as rows, from any row on."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from messages.errors import UNDECODABLE, TidewireError
from operators.admission import InputRow

PROBED: Final = 1_000
PIECE: Final = 1 << 20  # bytes
Rows = Callable[[int], Iterator[InputRow]]


class InputUnusable(TidewireError, ValueError):
    """An input file cannot be played. Operator action: see the message; name another file."""


def article_rows(file: Path) -> Rows:
    """Return a reader of a JSON Lines file (gzip or plain) of articles, from any row on.

    Raises:
        InputUnusable: the file is missing, not gzip although it is named so, or cut off.
    """
    try:
        with _open(file) as probe:
            while file.suffix == ".gz" and probe.read(PIECE):
                pass
    except (OSError, EOFError, zlib.error) as error:
        reason = f"{file} cannot be read ({error}): name a .jsonl or .jsonl.gz file with --news."
        raise InputUnusable(reason) from error

    def rows(start: int) -> Iterator[InputRow]:
        with _open(file) as lines:
            for number, line in enumerate(lines):
                if number >= start:
                    yield InputRow(number, _object(line), line.rstrip(b"\n"))

    return rows


def no_rows(_start: int) -> Iterator[InputRow]:
    """Read nothing: the feed of a run without news."""
    return iter(())


def first_moment(rows: Rows) -> datetime | None:
    """Return the first readable time among the first thousand rows of an input."""
    for row in islice(rows(0), PROBED):
        values = row.values or {}
        found = values.get("timestamp", values.get("ts", values.get("published_at")))
        try:
            moment = msgspec.convert(found, datetime, strict=False)
        except msgspec.ValidationError:
            continue
        if moment.tzinfo is not None:
            return moment
    return None


def _open(file: Path) -> Any:
    return gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb")


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(line)
    except UNDECODABLE:
        return None
    return value if isinstance(value, dict) else None
