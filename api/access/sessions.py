"""Sign-ins and their refresh tokens: rotated at each use, revoked as a family when one is stolen.

A refresh token is 256 random bits; only its SHA-256 is kept. Each use gives a new one. A token that
was rotated less than ten seconds ago is still good, as two tabs of a browser may hold the same; one
that was rotated before that has been stolen by somebody, and ends the sign-in for everybody.
"""

import secrets
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from api.access.hashing import hash_of
from api.access.person import Person
from api.problems import NotSignedIn

LASTS: Final = timedelta(days=7)
ACCESS_LASTS: Final = timedelta(minutes=15)  # of an access token
GRACE: Final = timedelta(seconds=10)


class Sessions(Protocol):
    """Where sign-ins are kept."""

    def begin(self, user_id: str, name: str, role: str) -> tuple[Person, str]:
        """Begin a sign-in; returns who, and the refresh token."""
        ...

    def rotate(self, token: str) -> tuple[Person, str]:
        """Take a refresh token for the next one.

        Raises:
            NotSignedIn: it is unknown, expired, revoked, or was used before.
        """
        ...

    def end(self, token: str) -> str | None:
        """End the sign-in that a refresh token belongs to; returns its id."""
        ...

    def alive(self, sessions: Collection[str]) -> set[str]:
        """Return those of some sign-ins that go on; may wait for where they are kept."""
        ...

    def shut(self, session: str) -> None:
        """Take down that a sign-in has ended elsewhere, as when somebody is shut out."""
        ...

    def is_over(self, session: str) -> bool:
        """Tell whether a sign-in is known to be over; asked at every request, never waits."""
        ...


class Ended:
    """The sign-ins that ended within the last fifteen minutes: their access tokens outlive them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Start without any."""
        self._now = now
        self._at: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def add(self, session: str) -> None:
        """Take one down."""
        now = self._now()
        with self._lock:
            for known, at in list(self._at.items()):  # the oldest first
                if now - at < ACCESS_LASTS:
                    break
                del self._at[known]
            self._at.pop(session, None)
            self._at[session] = now

    def __contains__(self, session: str) -> bool:
        """Tell whether one is among them."""
        return session in self._at


@dataclass(slots=True)
class _Kept:
    person: Person
    expires: datetime
    rotated: datetime | None = None


class SessionsInMemory:
    """The sign-ins of a demo: they end with its process, and no table knows them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Start without any."""
        self._now = now
        self._tokens: dict[str, _Kept] = {}
        self._ends: dict[str, datetime] = {}  # of each sign-in, when nobody refreshes it
        self._lock = threading.Lock()

    def begin(self, user_id: str, name: str, role: str) -> tuple[Person, str]:
        """Begin a sign-in; returns who, and the refresh token."""
        person = Person(user_id, name, role, f"ses-{secrets.token_hex(16)}")
        with self._lock:
            return person, self._issue(person)

    def rotate(self, token: str) -> tuple[Person, str]:
        """Take a refresh token for the next one; see `Sessions`."""
        now = self._now()
        with self._lock:
            kept = self._tokens.get(hash_of(token))
            if kept is None or kept.expires <= now or kept.person.session not in self._ends:
                raise refused()
            if kept.rotated is not None and now - kept.rotated >= GRACE:
                self._ends.pop(kept.person.session, None)
                raise refused()
            kept.rotated = kept.rotated or now
            return kept.person, self._issue(kept.person)

    def end(self, token: str) -> str | None:
        """End the sign-in that a refresh token belongs to; returns its id."""
        with self._lock:
            kept = self._tokens.get(hash_of(token))
            if kept is None:
                return None
            self._ends.pop(kept.person.session, None)
            return kept.person.session

    def alive(self, sessions: Collection[str]) -> set[str]:
        """Return those of some sign-ins that go on."""
        return {session for session in sessions if not self.is_over(session)}

    def shut(self, session: str) -> None:
        """Take down that a sign-in has ended elsewhere."""
        with self._lock:
            self._ends.pop(session, None)

    def is_over(self, session: str) -> bool:
        """Tell whether a sign-in is over; of another process's, too: they ended with it."""
        with self._lock:
            ends = self._ends.get(session)
        return ends is None or ends <= self._now()

    def _issue(self, person: Person) -> str:
        now, token = self._now(), secrets.token_urlsafe(32)
        for known, kept in list(self._tokens.items()):  # the oldest first
            if kept.expires > now:
                break
            del self._tokens[known]
        for session, ends in list(self._ends.items()):  # likewise
            if ends > now:
                break
            del self._ends[session]
        self._tokens[hash_of(token)] = _Kept(person, now + LASTS)
        self._ends.pop(person.session, None)
        self._ends[person.session] = now + LASTS
        return token


def refused() -> NotSignedIn:
    """Return the one answer to every refresh token that is no good."""
    return NotSignedIn("REFRESH_REFUSED", "This sign-in has ended: sign in again.")
