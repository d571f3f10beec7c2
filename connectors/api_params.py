"""Settings of the API's process."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated, Final

from annotated_types import Ge, Le
from pydantic import AfterValidator, SecretStr

ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")
SHORTEST_KEY: Final = 32


def _origin(text: str) -> str:
    if text and not ORIGIN.fullmatch(text):
        reason = "use scheme://host or scheme://host:port, in lower case and without a path"
        raise ValueError(reason)
    return text


def _network(text: str) -> str:
    ipaddress.ip_network(text)
    return text


def _key(secret: SecretStr) -> SecretStr:
    if 0 < len(secret.get_secret_value()) < SHORTEST_KEY:
        reason = f"use at least {SHORTEST_KEY} characters"
        raise ValueError(reason)
    return secret


@dataclass(frozen=True, slots=True)
class ApiParams:
    """The API: where it listens, and what browsers call it.

    Attributes:
        on: `tidewire up` and `tidewire demo` serve it.
        host: address it listens on; `localhost` is both loopbacks.
        port: of it; the next free one is taken and remembered where this one is not free.
        public_origin: scheme://host[:port] that browsers see, where a proxy stands in front; empty:
            http://localhost and the port.
        trusted_proxies: addresses or networks whose X-Forwarded-For and X-Forwarded-Proto count.
        session_key: signs access tokens; empty: one is made at the first start, in a file that only
            its owner reads.
    """

    on: bool = True
    host: str = "localhost"
    port: Annotated[int, Ge(1), Le(65_535)] = 8420
    public_origin: Annotated[str, AfterValidator(_origin)] = ""
    trusted_proxies: tuple[Annotated[str, AfterValidator(_network)], ...] = ()
    session_key: Annotated[SecretStr, AfterValidator(_key)] = SecretStr("")
