"""Idempotency keys: the same request twice has its effect once, for a day.

A key is kept before its effect, scoped to person, run and route. What the request brings about has
an id that is a function of these, and whoever takes it in (flows/control a command, the jobs a job)
lets an id in once: a repeat after a crash between the two is let in then, and once.
"""

import hashlib
import logging
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from api.access.hashing import hash_of
from api.access.people import Pool
from api.problems import BadRequest, Invalid
from messages.base import make_id
from messages.errors import UNDECODABLE
from messages.requests import Moment

log = logging.getLogger(__name__)
LASTS: Final = timedelta(days=1)
HEADER: Final = "idempotency-key"
LONGEST: Final = 128
KEEP: Final = """INSERT INTO idempotency_keys AS k (user_id, key, route, request_hash, expires_at)
  VALUES (%(user)s, %(key)s, %(route)s, %(hash)s, %(until)s)
  ON CONFLICT (user_id, key) DO UPDATE SET updated_at = now(),
    request_hash = CASE WHEN k.expires_at <= %(now)s THEN excluded.request_hash
      ELSE k.request_hash END,
    expires_at = CASE WHEN k.expires_at <= %(now)s THEN excluded.expires_at
      ELSE k.expires_at END
  RETURNING request_hash"""


def key_reused() -> Invalid:
    """Return the answer to a key that came with another body before."""
    return Invalid("KEY_REUSED", "This Idempotency-Key came with another body: choose a new one.")


class Idempotency(ABC):
    """The keys of the last day."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Take the wall clock."""
        self._now = now

    def id_of(self, kind: str, run: str, person: str, route: str, key: str, body: str) -> str:
        """Return the id of the command or the job that a request is for; the key is kept first.

        Args:
            kind: of the id, such as `cmd`.
            run: its id.
            person: who asks.
            route: of the endpoint.
            key: that the client chose.
            body: of the request, as text.

        Raises:
            BadRequest: there is no key, or it is too long.
            Invalid: the key came with another body before.
        """
        if not 0 < len(key) <= LONGEST:
            detail = f"Send an Idempotency-Key of up to {LONGEST} characters, such as a UUID."
            raise BadRequest("NO_IDEMPOTENCY_KEY", detail)
        told = hashlib.sha256(body.encode()).hexdigest()
        scoped = hash_of(f"{run}\n{route}\n{key}")
        if self._first(person, route, scoped, told) != told:
            raise key_reused()
        return make_id(kind, run, person, route, key)

    @abstractmethod
    def _first(self, person: str, route: str, scoped: str, told: str) -> str:
        """Keep what a key came with, if it is new; returns what it came with first."""


class Kept(Struct, frozen=True):
    """A line of a file of keys: whose, scoped; what it came with first, and until when it holds."""

    person: str
    key: str
    told: str
    until: Moment


class KeysInFile(Idempotency):
    """Those of a demo: a line each, so that they outlive the process as its commands and jobs do.

    A disk that takes no line stops nobody: the key holds as long as the process then.
    """

    def __init__(self, file: Path, now: Callable[[], datetime]) -> None:
        """Read what holds still; lines that are none are left out."""
        super().__init__(now)
        self._file, self._lock = file, threading.Lock()
        self._seen: dict[tuple[str, str], Kept] = {}
        for kept in _lines_of(file):
            if kept.until > now():
                self._seen.setdefault((kept.person, kept.key), kept)

    def _first(self, person: str, route: str, scoped: str, told: str) -> str:
        now = self._now()
        with self._lock:
            for known, kept in list(self._seen.items()):  # the oldest first
                if kept.until > now:
                    break
                del self._seen[known]
            if (person, scoped) not in self._seen:
                self._seen[person, scoped] = kept = Kept(person, scoped, told, now + LASTS)
                self._keep(kept)
            return self._seen[person, scoped].told

    def _keep(self, kept: Kept) -> None:
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            with os.fdopen(os.open(self._file, flags, 0o600), "ab") as out:
                out.write(b"\n" + msgspec.json.encode(kept))  # whatever the last one left
        except OSError:
            log.exception("a key is not written down")


def _lines_of(file: Path) -> Iterator[Kept]:
    lines = file.read_bytes().splitlines() if file.is_file() else []
    for line in lines:
        with suppress(*UNDECODABLE):  # cut short by the end of a process, or damaged
            yield msgspec.json.decode(line, type=Kept)


class KeysInDatabase(Idempotency):
    """Those of people: they outlive the process."""

    def __init__(self, pool: Pool, now: Callable[[], datetime]) -> None:
        """Use a pool whose search path is the people's schema."""
        super().__init__(now)
        self._pool = pool

    def _first(self, person: str, route: str, scoped: str, told: str) -> str:
        now = self._now()
        values = {
            "user": person, "key": scoped, "route": route, "hash": told, "now": now,
            "until": now + LASTS,
        }  # fmt: skip
        with self._pool.connection() as c:
            # A day beyond their end: one that ends this moment may be asked for at the same time.
            c.execute("DELETE FROM idempotency_keys WHERE expires_at < %s", (now - LASTS,))
            found = c.execute(KEEP, values).fetchone()
        return "" if found is None else str(found["request_hash"])
