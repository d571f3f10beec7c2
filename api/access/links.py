"""One-time links: whoever can read this machine's files may sign in once with one.

A link's token is 256 random bits. Its SHA-256 names a file, which says until when it holds; using
it takes the file away, so that it is used once, whoever else tries at that moment.
"""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from api.access.hashing import hash_of
from connectors.files import write_whole
from connectors.runs import Run

LASTS: Final = timedelta(hours=1)
DIRECTORY: Final = "links"


class Links:
    """The links of one run that were given out and not used."""

    def __init__(self, directory: Path, now: Callable[[], datetime]) -> None:
        """Take the directory, which only its owner may read; it is made when needed."""
        self._directory = directory
        self._now = now

    def give(self) -> str:
        """Return a new token, good for an hour; those that are older are forgotten."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in self._directory.iterdir():
            if file.is_file() and not self._is_good(file):
                file.unlink(missing_ok=True)
        token = secrets.token_urlsafe(32)
        until = (self._now() + LASTS).isoformat()
        write_whole(self._directory / hash_of(token), until.encode(), 0o600)
        return token

    def holds(self, token: str) -> bool:
        """Tell whether a token is good; it stays so."""
        return self._is_good(self._directory / hash_of(token))

    def take(self, token: str) -> bool:
        """Use a token up; returns whether it was good."""
        file = self._directory / hash_of(token)
        good = self._is_good(file)
        try:
            file.unlink()
        except OSError:
            return False  # never given, somebody else was faster, or no file of ours
        return good

    def _is_good(self, file: Path) -> bool:
        try:
            return self._now() < datetime.fromisoformat(file.read_text())
        except (OSError, ValueError, TypeError):  # no file, no time, or one without a zone
            return False


def links_of(run: Run) -> Links:
    """Return the links of a run on this machine."""
    return Links(run.path(DIRECTORY), lambda: datetime.now(UTC))
