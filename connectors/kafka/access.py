"""How a client reaches the broker: its address, and what librdkafka needs to be let in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from connectors.kafka.params import OURS, KafkaParams
from messages.errors import TidewireError

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class AccessInvalid(TidewireError, ValueError):
    """A setting of the group `kafka` is none that librdkafka takes.

    Operator action: correct the named variable.
    """


@dataclass(frozen=True, slots=True)
class Access:
    """A broker and a client's way in.

    Attributes:
        bootstrap: host:port of one broker or of several, comma-separated.
        client: librdkafka's name of a property -> its value; may hold a password.
    """

    bootstrap: str
    client: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)

    def settings(self, own: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
        """Return the settings of a client: the way in, and what it needs for its own work."""
        return {**self.client, "bootstrap.servers": self.bootstrap, **own}


def client_settings(params: KafkaParams) -> dict[str, str]:
    """Return what the settings pass through to librdkafka, by its names.

    Raises:
        AccessInvalid: librdkafka does not take it, or a file it names cannot be read.
    """
    found = {}
    for name in (f.name for f in fields(params) if f.name not in OURS):
        value = getattr(params, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text:
            found[name.replace("_", ".")] = text
    if found:
        _try(found)
    return found


def _try(client: Mapping[str, str]) -> None:
    """Let librdkafka judge; nothing is connected."""
    known: dict[str, Any] = {"bootstrap.servers": "127.0.0.1:9", "log_level": 0}
    for name, value in client.items():
        known[name] = value
        if not name.startswith(("sasl.", "ssl.", "security.")):
            _made(known, f"TIDEWIRE_KAFKA__{name.replace('.', '_').upper()}")
    _made(known, "TIDEWIRE_KAFKA__...")


def _made(settings: dict[str, Any], variable: str) -> None:
    try:
        AdminClient(settings)
    except KafkaException as error:
        reason = f"{variable}: {error.args[0].str()}. Correct it; docs/settings.md has them all."
        raise AccessInvalid(reason) from None
