"""The sign-ins of people: kept in the database, by the rules of `api.access.sessions`."""

import secrets
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final

from api.access.hashing import hash_of
from api.access.people import Pool
from api.access.person import Person
from api.access.sessions import GRACE, LASTS, Ended, refused

FIND: Final = """SELECT t.*, u.name, u.role, u.active FROM refresh_tokens t
  JOIN users u ON u.id = t.user_id WHERE t.token_hash = %s FOR UPDATE OF t"""
REVOKE: Final = """UPDATE refresh_tokens SET revoked_at = %(now)s, updated_at = now()
  WHERE family = %(family)s AND revoked_at IS NULL"""
ALIVE: Final = """SELECT DISTINCT t.family FROM refresh_tokens t JOIN users u ON u.id = t.user_id
  WHERE t.family = ANY(%(families)s) AND t.revoked_at IS NULL AND t.expires_at > %(now)s
  AND u.active"""


class SessionsInDatabase:
    """Sign-ins that outlive the process; see `Sessions`."""

    def __init__(self, pool: Pool, now: Callable[[], datetime]) -> None:
        """Use a pool whose search path is the people's schema."""
        self._pool = pool
        self._now = now
        self._ended = Ended(now)

    def begin(self, user_id: str, name: str, role: str) -> tuple[Person, str]:
        """Begin a sign-in; returns who, and the refresh token."""
        person = Person(user_id, name, role, f"ses-{secrets.token_hex(16)}")
        with self._pool.connection() as c:
            c.execute("DELETE FROM refresh_tokens WHERE expires_at < %s", (self._now() - LASTS,))
            return person, self._issue(c, person)

    def rotate(self, token: str) -> tuple[Person, str]:
        """Take a refresh token for the next one; see `Sessions`."""
        now = self._now()
        with self._pool.connection() as c:
            kept = c.execute(FIND, (hash_of(token),)).fetchone()
            good = kept is not None and kept["expires_at"] > now and kept["active"]
            if kept is None or not good or kept["revoked_at"] is not None:
                person = None
            elif kept["rotated_at"] is not None and now - kept["rotated_at"] >= GRACE:
                c.execute(REVOKE, {"now": now, "family": kept["family"]})
                self._ended.add(str(kept["family"]))
                person = None
            else:
                person = Person(kept["user_id"], kept["name"], kept["role"], kept["family"])
                c.execute(
                    "UPDATE refresh_tokens SET rotated_at = coalesce(rotated_at, %s),"
                    " updated_at = now() WHERE id = %s",
                    (now, kept["id"]),
                )  # fmt: skip
                return person, self._issue(c, person)
        raise refused()  # behind the transaction: what was revoked stays revoked

    def end(self, token: str) -> str | None:
        """End the sign-in that a refresh token belongs to; returns its id."""
        with self._pool.connection() as c:
            kept = c.execute(FIND, (hash_of(token),)).fetchone()
            if kept is None:
                return None
            c.execute(REVOKE, {"now": self._now(), "family": kept["family"]})
        self._ended.add(str(kept["family"]))
        return str(kept["family"])

    def alive(self, sessions: Collection[str]) -> set[str]:
        """Return those of some sign-ins that go on."""
        values = {"families": list(sessions), "now": self._now()}
        with self._pool.connection() as c:
            found = {row["family"] for row in c.execute(ALIVE, values)}
        for session in set(sessions) - found:
            self._ended.add(session)
        return found

    def shut(self, session: str) -> None:
        """Take down that a sign-in has ended elsewhere."""
        self._ended.add(session)

    def is_over(self, session: str) -> bool:
        """Tell whether this process has seen a sign-in end while its access tokens last."""
        return session in self._ended

    def _issue(self, connection: Any, person: Person) -> str:
        token, now = secrets.token_urlsafe(32), self._now()
        connection.execute(
            "INSERT INTO refresh_tokens (id, user_id, family, token_hash, issued_at, expires_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (f"ref-{secrets.token_hex(16)}", person.id, person.session, hash_of(token), now,
             now + LASTS),
        )  # fmt: skip
        return token
