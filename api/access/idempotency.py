"""Idempotency keys: the same request twice has its effect once, for a day.

A command's id is a function of run, person, route and key, and flows/control lets an id in once. So
a repeat is harmless even where this memory of it is gone; here the answer stays the same, and a
key that comes with another body is refused.
"""

import hashlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from api.problems import BadRequest, Invalid
from messages.base import make_id

LASTS: Final = timedelta(days=1)
HEADER: Final = "idempotency-key"
LONGEST: Final = 128


class Idempotency:
    """The keys of the last day, by person and route."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Start with none."""
        self._now = now
        self._seen: dict[tuple[str, str, str], tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def id_of(self, kind: str, run: str, person: str, route: str, key: str, body: str) -> str:
        """Return the id of the command or the job that a request is for.

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
        now, told = self._now(), hashlib.sha256(body.encode()).hexdigest()
        with self._lock:
            for known, (_, until) in list(self._seen.items()):
                if until > now:
                    break
                del self._seen[known]
            before, _ = self._seen.setdefault((person, route, key), (told, now + LASTS))
        if before != told:
            detail = "This Idempotency-Key came with another body: choose a new one."
            raise Invalid("KEY_REUSED", detail)
        return make_id(kind, run, person, route, key)
