"""Who may do what at the embedded broker: its principals, their passwords and their rights.

    flows    everything that a run needs: topics, records, groups
    api      reads all; writes control.commands
    outside  reads all; writes news.raw and market.bars, and control.requests where a run's
             settings let outsiders command

`broker` is the broker itself and its super user. A password lies in a file of its own, readable by
its owner only; whoever can read that file is that principal.
"""

import re
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.admin._scram import (
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from connectors.files import write_whole
from connectors.kafka.access import Access
from connectors.kafka.layout import ADMIN_TIMEOUT_S, LOOK_AGAIN_S, Layout
from messages.base import Message
from messages.topics import CONTROL_COMMANDS, CONTROL_REQUESTS, MARKET_BARS, NEWS_RAW, Topic
from stack.errors import CannotStart, StackError
from stack.home import Home

BROKER: Final = "broker"
FLOWS: Final = "flows"
API: Final = "api"
OUTSIDE: Final = "outside"
CLIENTS: Final = (FLOWS, API, OUTSIDE)
WORD: Final = re.compile(r"[A-Za-z0-9_-]{16,}")
ITERATIONS: Final = 4_096  # the least that SCRAM allows; the passwords are 192 random bits
CLUSTER: Final = "kafka-cluster"
READ: Final = (AclOperation.READ, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS)


def passwords_of(home: Path) -> Path:
    """Return the directory of a home's passwords."""
    return home / "kafka" / "passwords"


class Passwords:
    """The passwords of a home's principals, made on first use."""

    def __init__(self, directory: Path) -> None:
        """Remember where; nothing is made."""
        self._directory = directory

    def of(self, principal: str) -> str:
        """Return a principal's password.

        Raises:
            StackError: the file holds something else.
        """
        file = self._directory / principal
        if not file.exists():
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(file, secrets.token_urlsafe(24).encode(), 0o600)
        word = file.read_text().strip()
        if not WORD.fullmatch(word):
            reason = f"{file} holds no password: delete it, the next start makes another."
            raise StackError(reason)
        return word

    def access(self, principal: str, bootstrap: str) -> Access:
        """Return a principal's way to the broker.

        Raises:
            StackError: its password is none of ours.
        """
        own = principal == BROKER
        return Access(
            bootstrap,
            {
                "security.protocol": "sasl_plaintext",
                "sasl.mechanism": "PLAIN" if own else "SCRAM-SHA-256",
                "sasl.username": principal,
                "sasl.password": self.of(principal),
            },
        )

    def admin(self, bootstrap: str) -> AdminClient:
        """Return the super user's client."""
        return AdminClient(self.access(BROKER, bootstrap).settings({"log_level": 2}))


def embedded(home: Home, bootstrap: str) -> Passwords | None:
    """Return the passwords of a home's own broker; None where another broker is meant."""
    own = f"127.0.0.1:{home.ports().get('kafka')}"
    return Passwords(passwords_of(home.path)) if bootstrap == own else None


def let_in(admin: AdminClient, passwords: Passwords) -> None:
    """Give every principal its password and the rights that do not depend on a run.

    Called at every start, with the super user's client: a broker that an earlier version made has
    neither, and a password file that was deleted has been made anew.

    Raises:
        CannotStart: the broker refuses.
    """
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, ITERATIONS)
    changes: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(name, info, passwords.of(name).encode()) for name in CLIENTS
    ]
    rights = [
        *_rights(FLOWS, ResourceType.TOPIC, "*", (AclOperation.ALL,)),
        *_rights(FLOWS, ResourceType.GROUP, "*", (AclOperation.ALL,)),
        *_rights(
            FLOWS, ResourceType.BROKER, CLUSTER,
            (AclOperation.CREATE, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS),
        ),
        *(
            right
            for name in (API, OUTSIDE)
            for kind in (ResourceType.TOPIC, ResourceType.GROUP)
            for right in _rights(name, kind, "*", READ if kind == ResourceType.TOPIC else READ[:2])
        ),
    ]  # fmt: skip
    try:
        for future in admin.alter_user_scram_credentials(
            changes, request_timeout=ADMIN_TIMEOUT_S
        ).values():
            future.result()
        _grant(admin, rights)
    except KafkaException as error:
        reason = f"Kafka does not take its principals: {error.args[0].str()}. Start again."
        raise CannotStart(reason) from error


def open_run(admin: AdminClient, layout: Layout, *, commands: bool) -> None:
    """Let outsiders and the API write what of a run is theirs to write.

    Args:
        admin: the super user's client.
        layout: of the run.
        commands: outsiders may write requests too.
    """
    theirs: tuple[Topic[Message], ...] = (NEWS_RAW, MARKET_BARS)
    if commands:
        theirs = (*theirs, CONTROL_REQUESTS)
    write = (AclOperation.WRITE,)
    _grant(
        admin,
        [
            *_rights(API, ResourceType.TOPIC, layout.name(CONTROL_COMMANDS), write),
            *(
                r
                for t in theirs
                for r in _rights(OUTSIDE, ResourceType.TOPIC, layout.name(t), write)
            ),
        ],
    )


def close_run(admin: AdminClient, prefix: str) -> None:
    """Take back the rights to write a run's topics."""
    gone = [
        AclBindingFilter(
            b.restype, b.name, b.resource_pattern_type, b.principal, b.host, b.operation,
            b.permission_type,
        )
        for b in _given(admin, AclOperation.WRITE) if b.name.startswith(prefix)
    ]  # fmt: skip
    if gone:
        for future in admin.delete_acls(gone, request_timeout=ADMIN_TIMEOUT_S).values():
            future.result()


def _rights(
    principal: str, kind: ResourceType, name: str, operations: Iterable[AclOperation]
) -> list[AclBinding]:
    return [
        AclBinding(
            kind, name, ResourcePatternType.LITERAL, f"User:{principal}", "*", operation,
            AclPermissionType.ALLOW,
        )
        for operation in operations
    ]  # fmt: skip


def _grant(admin: AdminClient, rights: list[AclBinding]) -> None:
    """Give rights, and wait until the broker goes by them: its controller knows them first."""
    for future in admin.create_acls(rights, request_timeout=ADMIN_TIMEOUT_S).values():
        future.result()
    deadline = time.monotonic() + ADMIN_TIMEOUT_S
    while not set(rights) <= set(_given(admin, AclOperation.ANY)):
        if time.monotonic() > deadline:
            reason = "Kafka took the rights of its principals and does not go by them: start again."
            raise CannotStart(reason)
        time.sleep(LOOK_AGAIN_S)


def _given(admin: AdminClient, operation: AclOperation) -> list[AclBinding]:
    wanted = AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.LITERAL, None, None,  # type: ignore[arg-type]  # None: any
        operation, AclPermissionType.ALLOW,
    )  # fmt: skip
    found: list[AclBinding] = admin.describe_acls(wanted, request_timeout=ADMIN_TIMEOUT_S).result()
    return found
