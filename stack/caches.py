"""Where the program keeps what it can make again: the user's cache directory, or none at all."""

import os
import tempfile
from pathlib import Path
from typing import Final

from connectors.version import VERSION

COMPILED: Final = "NUMBA_CACHE_DIR"  # read by the compiler when it is imported


def cache_directory() -> Path:
    """Return the program's directory in the user's cache; it need not exist."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "tidewire"


def place_compiled_code() -> str:
    """Give compiled code a directory of this version, before anything compiled is imported.

    Beside the code, where the compiler would put it, an installation that belongs to somebody else
    cannot be written, and what another version left there may not even be readable. Where the
    user's cache cannot be written either, it is compiled anew, in a directory of this process.

    Returns:
        The directory.
    """
    if named := os.environ.get(COMPILED):
        return named
    place = cache_directory() / f"compiled-{VERSION}"
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except (OSError, RuntimeError):  # RuntimeError: nobody's home
        place = Path(tempfile.mkdtemp(prefix="tidewire-compiled-"))
    os.environ[COMPILED] = str(place)
    return str(place)
