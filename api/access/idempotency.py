"""Idempotency keys: the same request twice has its effect once, for a day.

A key is kept before its effect, scoped to person, run and route. What the request brings about has
an id that is a function of these, and whoever takes it in (flows/control a command, the jobs a job)
lets an id in once: a repeat after a crash between the two is let in then, and once.
"""

import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from api.access.hashing import hash_of
from api.access.people import Pool
from api.problems import BadRequest, Invalid
from messages.base import make_id

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
            detail = "This Idempotency-Key came with another body: choose a new one."
            raise Invalid("KEY_REUSED", detail)
        return make_id(kind, run, person, route, key)

    @abstractmethod
    def _first(self, person: str, route: str, scoped: str, told: str) -> str:
        """Keep what a key came with, if it is new; returns what it came with first."""


class KeysInMemory(Idempotency):
    """Those of a demo, whose people end with its process."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Start with none."""
        super().__init__(now)
        self._seen: dict[tuple[str, str], tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def _first(self, person: str, route: str, scoped: str, told: str) -> str:
        now = self._now()
        with self._lock:
            for known, (_, until) in list(self._seen.items()):  # the oldest first
                if until > now:
                    break
                del self._seen[known]
            return self._seen.setdefault((person, scoped), (told, now + LASTS))[0]


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
