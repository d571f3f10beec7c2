"""A recovery directory looked through before the engine opens it.

Bytewax keeps states in SQLite files and reads them with pickle, which can run code. What this
program writes there are plain bytes; a directory that holds anything else comes from elsewhere.
The pickles are scanned, never loaded.
"""

import pickletools
import sqlite3
from pathlib import Path
from typing import Final

from messages.errors import TidewireError

ALLOWED: Final = frozenset(
    {
        "PROTO", "FRAME", "STOP", "MEMOIZE", "BINPUT", "LONG_BINPUT", "NONE",
        "SHORT_BINBYTES", "BINBYTES", "BINBYTES8",
    }
)  # fmt: skip


class RecoveryForeign(TidewireError, RuntimeError):
    """A recovery directory holds what this program cannot have written.

    Operator action: remove the directory; the flow starts from the newest checkpoint.
    """


def vouch_for_recovery(directory: Path) -> None:
    """See that every state in a recovery directory is the pickle of plain bytes.

    Called before the engine starts. Memory: one state at a time.

    Raises:
        RecoveryForeign: one is not, or a file is no SQLite database.
    """
    for file in sorted(directory.glob("*.sqlite3")):
        try:
            with _opened(file) as connection:
                for step, key, state in connection.execute(
                    "SELECT step_id, state_key, ser_change FROM snaps"
                ):
                    if state is not None and not is_plain(state):
                        raise RecoveryForeign(_why(directory, f"step {step!r}, shard {key!r}"))
        except sqlite3.Error as error:
            raise RecoveryForeign(_why(directory, str(error))) from error


def is_plain(pickled: bytes) -> bool:
    """Tell whether a pickle makes bytes, or None, and can call nothing."""
    try:
        return all(code.name in ALLOWED for code, _, _ in pickletools.genops(pickled))
    except ValueError:
        return False


class _opened:
    """A SQLite file opened for reading only, closed at the end."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> sqlite3.Connection:
        self._connection = sqlite3.connect(f"{self._file.resolve().as_uri()}?mode=ro", uri=True)
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _why(directory: Path, what: str) -> str:
    return (
        f"{directory} holds a state that Tidewire did not write ({what}): remove the directory; "
        "the flow then starts from its newest checkpoint."
    )
