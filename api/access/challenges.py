"""Challenges of passkey ceremonies: random, bound to one ceremony, good once and for minutes."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from api.access.people import Pool

LASTS: Final = timedelta(minutes=5)


class Challenges:
    """Gives challenges out and takes each back once."""

    def __init__(self, pool: Pool, now: Callable[[], datetime]) -> None:
        """Use a pool whose search path is the people's schema."""
        self._pool = pool
        self._now = now

    def give(self, ceremony: str) -> tuple[str, bytes]:
        """Return the id and the bytes of a new challenge; those long past are forgotten."""
        id_, challenge, now = f"cha-{secrets.token_hex(16)}", secrets.token_bytes(32), self._now()
        with self._pool.connection() as c:
            c.execute("DELETE FROM challenges WHERE expires_at < %s", (now - LASTS,))
            c.execute(
                "INSERT INTO challenges (id, ceremony, challenge, expires_at)"
                " VALUES (%s, %s, %s, %s)",
                (id_, ceremony, challenge, now + LASTS),
            )  # fmt: skip
        return id_, challenge

    def take(self, id_: str, ceremony: str) -> bytes | None:
        """Return a challenge's bytes once; None for another ceremony's, a used or an old one."""
        statement = """UPDATE challenges SET used_at = %(now)s, updated_at = now()
            WHERE id = %(id)s AND ceremony = %(ceremony)s AND used_at IS NULL
              AND expires_at > %(now)s RETURNING challenge"""
        values = {"id": id_, "ceremony": ceremony, "now": self._now()}
        with self._pool.connection() as c:
            row = c.execute(statement, values).fetchone()
        return None if row is None else bytes(row["challenge"])
