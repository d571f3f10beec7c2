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
        """Return a new token, good for an hour."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        token = secrets.token_urlsafe(32)
        until = (self._now() + LASTS).isoformat()
        write_whole(self._directory / hash_of(token), until.encode(), 0o600)
        return token

    def holds(self, token: str) -> bool:
        """Tell whether a token is good; it stays so."""
        try:
            until = datetime.fromisoformat((self._directory / hash_of(token)).read_text())
        except (FileNotFoundError, ValueError):
            return False
        return self._now() < until

    def take(self, token: str) -> bool:
        """Use a token up; returns whether it was good."""
        file = self._directory / hash_of(token)
        try:
            until = datetime.fromisoformat(file.read_text())
            file.unlink()
        except (FileNotFoundError, ValueError):
            return False
        return self._now() < until


def links_of(run: Run) -> Links:
    """Return the links of a run on this machine."""
    return Links(run.path(DIRECTORY), lambda: datetime.now(UTC))
