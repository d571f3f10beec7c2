"""Logs that do not grow for ever: of each the last few parts are kept."""

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

LARGE: Final = 20_000_000  # bytes
PARTS: Final = 3


def rotate(logs: Iterable[Path], large: int = LARGE, parts: int = PARTS) -> list[Path]:
    """Put aside what logs hold, where that is much: `x.log` becomes `x.log.1`, and is empty again.

    Whoever writes to one goes on in the same file, so it must have been opened for appending. What
    is written while the file is copied may be missing. A full disk or a lost file is passed over:
    logs are worth less than what runs.

    Args:
        logs: files; those that are not there are left out.
        large: bytes from which one is put aside.
        parts: of each that are kept besides; the oldest goes.

    Returns:
        Those that were put aside.
    """
    found = []
    for log in logs:
        with suppress(OSError):
            if log.stat().st_size >= large:
                _put_aside(log, parts)
                found.append(log)
    return found


def _put_aside(log: Path, parts: int) -> None:
    aside = [log.with_name(f"{log.name}.{n}") for n in range(1, parts + 1)]
    for older, newer in zip(reversed(aside[1:]), reversed(aside[:-1]), strict=True):
        if newer.exists():
            newer.replace(older)
    shutil.copyfile(log, aside[0])
    shutil.copymode(log, aside[0])
    with log.open("r+b") as file:
        file.truncate(0)
