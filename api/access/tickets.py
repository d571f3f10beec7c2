"""Tickets: good once, for half a minute, to open a WebSocket, as a token has no place in a URL."""

import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from api.access.hashing import hash_of
from api.access.person import Person
from api.problems import NotSignedIn

LASTS: Final = timedelta(seconds=30)


class Tickets:
    """The tickets of one process, in memory."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Start with none."""
        self._now = now
        self._given: dict[str, tuple[Person, datetime]] = {}
        self._lock = threading.Lock()

    @property
    def lasts_s(self) -> int:
        """Return how long a ticket is good, seconds."""
        return int(LASTS.total_seconds())

    def give(self, person: Person) -> str:
        """Return a new ticket for whoever is signed in."""
        ticket, now = secrets.token_urlsafe(32), self._now()
        with self._lock:
            for known, (_, until) in list(self._given.items()):  # the oldest first
                if until > now:
                    break
                del self._given[known]
            self._given[hash_of(ticket)] = (person, now + LASTS)
        return ticket

    def take(self, ticket: str) -> Person:
        """Use a ticket up; returns whose it was.

        Raises:
            NotSignedIn: it was used, is too old, or is none of ours.
        """
        with self._lock:
            person, until = self._given.pop(hash_of(ticket), (None, self._now()))
        if person is None or until <= self._now():
            raise NotSignedIn("TICKET_REFUSED", "Ask POST /api/ws-ticket for a ticket, once each.")
        return person
