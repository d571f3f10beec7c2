"""Clients of the embedded broker, as an outsider or as the flows have them."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from connectors.kafka.access import Access
from connectors.kafka.params import KafkaParams
from connectors.settings import Settings
from stack.servers.principals import OUTSIDE, Passwords, passwords_of
from stack.servers.services import Services


def outsider(there: dict[str, Any], principal: str = OUTSIDE) -> Access:
    """Return a principal's way to the broker of what is up, as `up.json` describes it."""
    home = Path(there["directory"]).parents[1]
    return Passwords(passwords_of(home)).access(principal, there["bootstrap"])


def named(services: Services) -> Settings:
    """Return settings that name running servers, as somebody's own cluster and database."""
    client = {name.replace(".", "_"): value for name, value in services.access.client.items()}
    client["sasl_password"] = SecretStr(client["sasl_password"])  # type: ignore[assignment]  # a secret
    return Settings(
        bootstrap=services.bootstrap, database_url=SecretStr(services.database_url),
        kafka=KafkaParams(**client),  # type: ignore[arg-type]  # texts, and the secret
    )  # fmt: skip
