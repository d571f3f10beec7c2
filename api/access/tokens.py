"""Access tokens: JWTs of fifteen minutes, bound to one audience and one sign-in.

HS256 with a key of this installation's (RFC 7519; the algorithm is pinned). Whoever holds one is
that person for as long as it lasts and this process has not seen its sign-in end; what moves money
or people also looks up its session.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import jwt

from api.access.person import Person
from api.access.sessions import ACCESS_LASTS as LASTS
from api.access.sessions import Sessions
from api.problems import NotSignedIn
from connectors.files import write_whole

ISSUER: Final = "tidewire"
ALGORITHM: Final = "HS256"
KEY_BYTES: Final = 32
LEAST_KEY: Final = 32  # of characters, for a key that a person sets
CLAIMS: Final = ("iss", "aud", "exp", "iat", "sub", "sid", "name", "role")


class Tokens:
    """Makes and reads access tokens of one audience."""

    def __init__(
        self, key: bytes, audience: str, sessions: Sessions, now: Callable[[], datetime]
    ) -> None:
        """Take the installation's key, who the tokens are for, and where sessions are kept."""
        self._key = key
        self._audience = audience
        self._sessions = sessions
        self._now = now

    @property
    def lasts_s(self) -> int:
        """Return how long a token is good, seconds."""
        return int(LASTS.total_seconds())

    def of(self, person: Person) -> str:
        """Return a new access token."""
        now = self._now()
        claims = {
            "iss": ISSUER, "aud": self._audience, "iat": now, "exp": now + LASTS,
            "sub": person.id, "sid": person.session, "name": person.name, "role": person.role,
        }  # fmt: skip
        return jwt.encode(claims, self._key, ALGORITHM)

    def person_of(self, token: str) -> Person:
        """Return whose token it is.

        Raises:
            NotSignedIn: it has expired, is another audience's, or none of ours, or its sign-in is
                known to have ended.
        """
        try:
            claims = jwt.decode(
                token, self._key, [ALGORITHM], audience=self._audience, issuer=ISSUER,
                options={"require": list(CLAIMS), "verify_exp": False, "verify_iat": False},
            )  # fmt: skip
            expired = float(claims["exp"]) <= self._now().timestamp()
            person = Person(*(str(claims[name]) for name in ("sub", "name", "role", "sid")))
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            raise NotSignedIn(
                "TOKEN_INVALID", "The access token is none of this server's: sign in again."
            ) from error
        if expired:
            raise NotSignedIn("TOKEN_EXPIRED", "The access token has expired: refresh it.")
        if self._sessions.is_over(person.session):
            raise _ended()
        return person

    def must_live(self, person: Person) -> None:
        """Look up a token's session.

        Raises:
            NotSignedIn: it has ended.
        """
        if not self._sessions.alive({person.session}):
            raise _ended()


def _ended() -> NotSignedIn:
    return NotSignedIn("SESSION_ENDED", "This sign-in has ended: sign in again.")


def session_key(file: Path) -> bytes:
    """Return the key that tokens are signed with, made at the first start, mode 0600.

    Raises:
        ValueError: the file holds something too short to be one.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, secrets.token_urlsafe(KEY_BYTES).encode(), 0o600)
    key = file.read_bytes().strip()
    if len(key) < LEAST_KEY:
        reason = f"{file} holds no key: delete it, the next start makes another."
        raise ValueError(reason)
    return key
