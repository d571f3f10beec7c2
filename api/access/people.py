"""People, their passkeys and invitations, in the schema that all runs of an installation share."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from api.access.hashing import hash_of
from api.problems import Conflict, NotFound

INVITED_FOR: Final = timedelta(days=1)
Pool = ConnectionPool["psycopg.Connection[dict[str, Any]]"]


@dataclass(frozen=True, slots=True)
class User:
    """A person. The id is the passkeys' user handle, too."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as it is kept: nothing of it is secret.

    Attributes:
        id: of the row; credential_id: the authenticator's own.
        sign_count: as it was told last; 0 of a passkey that is synced between devices.
    """

    id: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    label: str
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that was just made and verified."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: str
    backed_up: bool
    transports: list[str]
    label: str


class People:
    """Reads and writes people; each method is one transaction."""

    def __init__(self, pool: Pool, now: Callable[[], datetime]) -> None:
        """Use a pool whose search path is the people's schema."""
        self._pool = pool
        self._now = now

    def is_free(self, name: str) -> bool:
        """Tell whether nobody has a name."""
        with self._pool.connection() as c:
            return c.execute("SELECT 1 FROM users WHERE name = %s", (name,)).fetchone() is None

    def add(self, user: User, passkey: NewPasskey) -> None:
        """Add a person with their first passkey.

        Raises:
            Conflict: somebody has the name, or the passkey, already.
        """
        try:
            with self._pool.connection() as c:
                c.execute(
                    "INSERT INTO users (id, name, display_name, role, active)"
                    " VALUES (%s, %s, %s, %s, true)",
                    (user.id, user.name, user.name, user.role),
                )  # fmt: skip
                _insert(c, user.id, passkey)
        except psycopg.errors.UniqueViolation as error:
            raise Conflict("NAME_TAKEN", "Somebody has this name: choose another.") from error

    def add_passkey(self, user_id: str, passkey: NewPasskey) -> None:
        """Add a passkey to a person.

        Raises:
            Conflict: it is there already.
        """
        try:
            with self._pool.connection() as c:
                _insert(c, user_id, passkey)
        except psycopg.errors.UniqueViolation as error:
            raise Conflict("PASSKEY_KNOWN", "This passkey is there already.") from error

    def by_credential(self, credential_id: bytes) -> tuple[User, Passkey] | None:
        """Return whose passkey it is; None for an unknown one, and for a person who is shut out."""
        statement = """SELECT k.*, u.name, u.role FROM user_credentials k
            JOIN users u ON u.id = k.user_id WHERE k.credential_id = %s AND u.active"""
        with self._pool.connection() as c:
            row = c.execute(statement, (credential_id,)).fetchone()
        return None if row is None else (_user(row["user_id"], row), _passkey(row))

    def used(self, passkey: Passkey, sign_count: int) -> bool:
        """Note a use; False if another use was noted in between."""
        with self._pool.connection() as c:
            done = c.execute(
                "UPDATE user_credentials SET sign_count = %s, last_used_at = %s, updated_at = now()"
                " WHERE id = %s AND sign_count = %s",
                (sign_count, self._now(), passkey.id, passkey.sign_count),
            )  # fmt: skip
            return done.rowcount == 1

    def passkeys(self, user_id: str) -> list[Passkey]:
        """Return a person's passkeys, the oldest first."""
        with self._pool.connection() as c:
            rows = c.execute(
                "SELECT * FROM user_credentials WHERE user_id = %s ORDER BY created_at, id",
                (user_id,),
            ).fetchall()
        return [_passkey(row) for row in rows]

    def rename(self, user_id: str, passkey_id: str, label: str) -> None:
        """Give a passkey of a person's another label.

        Raises:
            NotFound: they have none of that id.
        """
        with self._pool.connection() as c:
            done = c.execute(
                "UPDATE user_credentials SET label = %s, updated_at = now()"
                " WHERE id = %s AND user_id = %s",
                (label, passkey_id, user_id),
            )  # fmt: skip
        if not done.rowcount:
            raise _no_passkey()

    def revoke(self, user_id: str, passkey_id: str) -> None:
        """Take a passkey from a person.

        Raises:
            NotFound: they have none of that id.
            Conflict: it is their last one.
        """
        with self._pool.connection() as c:
            # One at a time: two last ones could go together otherwise.
            c.execute("SELECT 1 FROM users WHERE id = %s FOR UPDATE", (user_id,))
            kept = c.execute(
                "SELECT id FROM user_credentials WHERE user_id = %s", (user_id,)
            ).fetchall()
            if passkey_id not in {row["id"] for row in kept}:
                raise _no_passkey()
            if len(kept) == 1:
                raise Conflict("LAST_PASSKEY", "This is your last passkey: add another one first.")
            c.execute("DELETE FROM user_credentials WHERE id = %s", (passkey_id,))

    def all(self) -> list[dict[str, Any]]:
        """Return everybody, the first first, with their passkeys' number and last use."""
        with self._pool.connection() as c:
            return c.execute(
                "SELECT u.id, u.name, u.role, u.active, u.created_at, count(k.id) AS passkeys,"
                " max(k.last_used_at) AS last_used_at FROM users u"
                " LEFT JOIN user_credentials k ON k.user_id = u.id"
                " GROUP BY u.id ORDER BY u.created_at, u.id"
            ).fetchall()

    def change(self, user_id: str, *, role: str | None, active: bool | None) -> list[str]:
        """Give somebody another role, shut them out or let them in; their sign-ins end.

        Returns:
            The ids of the sign-ins that ended.

        Raises:
            NotFound: there is nobody of that id.
            Conflict: no owner would be left.
        """
        with self._pool.connection() as c:
            # One at a time: two last owners could go together otherwise.
            owners = c.execute(
                "SELECT id FROM users WHERE role = 'owner' AND active ORDER BY id FOR UPDATE"
            ).fetchall()
            found = c.execute(
                "UPDATE users SET role = coalesce(%s, role), active = coalesce(%s, active),"
                " updated_at = now() WHERE id = %s RETURNING role, active",
                (role, active, user_id),
            ).fetchone()
            if found is None:
                raise NotFound("NO_SUCH_PERSON", "There is nobody of that id.")
            owns = found["active"] and found["role"] == "owner"
            if not owns and {row["id"] for row in owners} == {user_id}:
                raise Conflict("LAST_OWNER", "Nobody else is an owner: make somebody one first.")
            ended = c.execute(
                "UPDATE refresh_tokens SET revoked_at = %s, updated_at = now()"
                " WHERE user_id = %s AND revoked_at IS NULL RETURNING family",
                (self._now(), user_id),
            ).fetchall()
        return sorted({row["family"] for row in ended})

    def invite(self, by: str, role: str) -> tuple[str, datetime]:
        """Return the token of a new invitation, and until when it holds."""
        token, until = secrets.token_urlsafe(32), self._now() + INVITED_FOR
        with self._pool.connection() as c:
            c.execute(
                "INSERT INTO invitations (id, token_hash, role, invited_by, expires_at)"
                " VALUES (%s, %s, %s, %s, %s)",
                (f"inv-{secrets.token_hex(16)}", hash_of(token), role, by, until),
            )  # fmt: skip
        return token, until

    def invited_as(self, token: str) -> str | None:
        """Return the role that an invitation gives; None for one that is none any more."""
        statement = """SELECT role FROM invitations
            WHERE token_hash = %s AND used_at IS NULL AND expires_at > %s"""
        with self._pool.connection() as c:
            row = c.execute(statement, (hash_of(token), self._now())).fetchone()
        return None if row is None else str(row["role"])

    def use_invitation(self, token: str) -> bool:
        """Use an invitation up; whoever comes second gets False."""
        statement = """UPDATE invitations SET used_at = %(now)s, updated_at = now()
            WHERE token_hash = %(hash)s AND used_at IS NULL AND expires_at > %(now)s"""
        with self._pool.connection() as c:
            values = {"hash": hash_of(token), "now": self._now()}
            return c.execute(statement, values).rowcount == 1

    def log(
        self, user_id: str | None, action: str, outcome: str, address: str, **more: Any
    ) -> None:
        """Write a line of what people did."""
        with self._pool.connection() as c:
            c.execute(
                "INSERT INTO audit_log (at, user_id, action, target, outcome, address, details)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (self._now(), user_id, action, more.pop("target", ""), outcome, address,
                 Jsonb(more)),
            )  # fmt: skip


def _insert(connection: "psycopg.Connection[Any]", user_id: str, k: NewPasskey) -> None:
    connection.execute(
        "INSERT INTO user_credentials (id, user_id, credential_id, public_key, sign_count,"
        " transports, aaguid, backed_up, label) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (f"key-{secrets.token_hex(16)}", user_id, k.credential_id, k.public_key, k.sign_count,
         k.transports, k.aaguid, k.backed_up, k.label),
    )  # fmt: skip


def _user(user_id: str, row: dict[str, Any]) -> User:
    return User(user_id, row["name"], row["role"])


def _passkey(row: dict[str, Any]) -> Passkey:
    plain = {name: row[name] for name in Passkey.__slots__}
    return Passkey(**plain)


def _no_passkey() -> NotFound:
    return NotFound("NO_SUCH_PASSKEY", "You have no passkey of that id.")
