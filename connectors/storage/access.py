"""The tables of people and their access: what the API alone writes.

They lie in a schema of their own that all runs of an installation share, with migrations of their
own (`people_migrations/`).

Secrets are stored hashed (SHA-256 of a random value) or are public keys; no table holds one that
could be used. Times are UTC.
"""

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from connectors.storage.tables import Moment, SqlType, written

SCHEMA: Final = "tidewire_people"
metadata = MetaData()


def _of(name: str, kind: SqlType = Text, *, null: bool = False) -> Column[Any]:
    return Column(name, kind, nullable=null)


def _id() -> Column[Any]:
    return Column("id", Text, primary_key=True)


def _user(name: str = "user_id", *, null: bool = False) -> Column[Any]:
    """Point at a person; their rows go with them."""
    owner = ForeignKey("users.id", ondelete="SET NULL" if null else "CASCADE")
    return Column(name, Text, owner, nullable=null, index=True)


users = Table(
    "users", metadata,
    _id(), Column("name", Text, nullable=False, unique=True), _of("display_name"), _of("role"),
    _of("active", Boolean), *written(),
)  # fmt: skip
user_credentials = Table(
    "user_credentials", metadata,
    _id(), _user(), Column("credential_id", LargeBinary, nullable=False, unique=True),
    _of("public_key", LargeBinary), _of("sign_count", BigInteger), _of("transports", ARRAY(Text)),
    _of("aaguid"), _of("backed_up", Boolean), _of("label"), _of("last_used_at", Moment, null=True),
    *written(),
)  # fmt: skip
refresh_tokens = Table(
    "refresh_tokens", metadata,
    _id(), _user(), Column("family", Text, nullable=False, index=True),
    Column("token_hash", Text, nullable=False, unique=True), _of("issued_at", Moment),
    _of("expires_at", Moment), _of("rotated_at", Moment, null=True),
    _of("revoked_at", Moment, null=True), *written(),
    Index("ix_refresh_tokens_expires_at", "expires_at"),
)  # fmt: skip
challenges = Table(
    "challenges", metadata,
    _id(), _of("ceremony"), Column("challenge", LargeBinary, nullable=False, unique=True),
    _user(null=True), _of("expires_at", Moment), _of("used_at", Moment, null=True), *written(),
    Index("ix_challenges_expires_at", "expires_at"),
)  # fmt: skip
invitations = Table(
    "invitations", metadata,
    _id(), Column("token_hash", Text, nullable=False, unique=True), _of("role"),
    _user("invited_by", null=True), _of("expires_at", Moment), _user("used_by", null=True),
    _of("used_at", Moment, null=True), *written(),
)  # fmt: skip
idempotency_keys = Table(
    "idempotency_keys", metadata,
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True), _of("route"), _of("request_hash"),
    _of("status", Integer, null=True), _of("response", JSONB, null=True),
    _of("expires_at", Moment), *written(),
    Index("ix_idempotency_keys_expires_at", "expires_at"),
)  # fmt: skip
audit_log = Table(
    "audit_log", metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True), _of("at", Moment),
    _user(null=True), _of("action"), _of("target"), _of("outcome"), _of("address"),
    _of("details", JSONB), *written(), Index("ix_audit_log_at", "at"),
)  # fmt: skip
# What `db backup --people` keeps. Tokens, challenges and invitations are left out: a restore must
# not revive what was revoked or used since.
KEPT: Final = ("users", "user_credentials", "audit_log")
