"""Settings of the broker: which one, with what keys, and how hard it is asked."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, SecretStr

LIVE_HOSTS: Final = frozenset(("api.alpaca.markets", "broker-api.alpaca.markets"))
LIVE_KEY: Final = "AK"
OWN: Final = "alpaca.markets"
PAPER_HOSTS: Final = frozenset((
    "paper-api.alpaca.markets", "data.alpaca.markets", "stream.data.alpaca.markets",
))  # fmt: skip
PLAIN: Final = frozenset(("http", "ws"))
ADDRESS: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]+", re.ASCII)


def live_key(key: str) -> str | None:
    """Return why a key is refused, and what to do; None for one that is not live.

    >>> live_key("PK1") is None
    True
    """
    if key.strip().upper().startswith(LIVE_KEY):
        return (
            "this is a live key (it begins with AK), and this version trades paper accounts only: "
            "make a paper key on Alpaca's dashboard; it begins with PK"
        )
    return None


def refused_address(url: str, *schemes: str) -> str | None:
    """Return why an address is refused, and what to do; None for a good one, or for none.

    >>> refused_address("https://api.alpaca.markets", "https")[:34]
    'this is the address of live tradin'
    """
    if not url:
        return None
    if ADDRESS.fullmatch(url) is None:
        return "this is no address: only plain letters, digits and signs stand in one"
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "this is no address: write SCHEME://HOST, with a port where there is one"
    if parts.scheme not in schemes or not host or parts.query or parts.fragment:
        return f"write {' or '.join(schemes)}://HOST, with a port where there is one"
    if parts.username is not None or parts.password is not None:
        return "leave names and passwords out of the address: keys are settings of their own"
    if host in LIVE_HOSTS:
        return (
            "this is the address of live trading, and this version trades paper accounts only: "
            "leave it empty, or use paper-api.alpaca.markets"
        )
    if parts.scheme in PLAIN and not loopback(host):
        return f"keys are sent to it: use {parts.scheme}s"
    if host.endswith(OWN) and parts.hostname not in PAPER_HOSTS:
        return f"this is none of Alpaca's paper hosts: {', '.join(sorted(PAPER_HOSTS))}"
    return None


def loopback(host: str) -> bool:
    """Tell whether a host is this machine, by whatever way it is written.

    >>> loopback("localhost"), loopback("::1"), loopback("127.0.0.1.example.com")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _paper(secret: SecretStr) -> SecretStr:
    if (why := live_key(secret.get_secret_value())) is not None:
        raise ValueError(why)
    return secret


def checked_http(url: str) -> str:
    """Return an address of http; empty for the broker's own.

    Raises:
        ValueError: it is refused.
    """
    if (why := refused_address(url, "https", "http")) is not None:
        raise ValueError(why)
    return url


def checked_ws(url: str) -> str:
    """Return an address of a websocket; empty for the broker's own.

    Raises:
        ValueError: it is refused.
    """
    if (why := refused_address(url, "wss", "ws")) is not None:
        raise ValueError(why)
    return url


@dataclass(frozen=True, slots=True)
class BrokerParams:
    """The broker that orders go to; paper accounts only.

    Attributes:
        kind: of broker; none: fills are simulated by Tidewire itself.
        key: of an Alpaca paper account; it begins with PK.
        secret: of that key.
        trading_url: address of the trading interface; empty: Alpaca's paper trading.
        data_url: address of market data's history; empty: Alpaca's own.
        stream_url: address of market data's stream; empty: Alpaca's own.
        feed: market data: iex is free and one exchange's, sip is every exchange's.
        timeout_seconds: of one request, from start to end.
        per_minute: requests that the broker takes in any minute; more wait, or are refused.
        reserve: of these, kept for cancels; half of them at most.
        reconcile_seconds: between two looks at all that it holds.
        protection: who watches stops and targets. desk: Tidewire, by bars. broker: each entry is
            sent with them, and they work while Tidewire is down, until the session's close;
            without a trailing stop.
    """

    kind: Literal["none", "alpaca"] = "none"
    key: Annotated[SecretStr, AfterValidator(_paper)] = SecretStr("")
    secret: SecretStr = SecretStr("")
    trading_url: Annotated[str, AfterValidator(checked_http)] = ""
    data_url: Annotated[str, AfterValidator(checked_http)] = ""
    stream_url: Annotated[str, AfterValidator(checked_ws)] = ""
    feed: Literal["iex", "sip"] = "iex"
    timeout_seconds: Annotated[float, Gt(0), Le(120)] = 10
    per_minute: Annotated[int, Ge(10), Le(10_000)] = 200
    reserve: Annotated[int, Ge(0), Le(5_000)] = 50
    reconcile_seconds: Annotated[int, Ge(1), Le(3_600)] = 30
    protection: Literal["desk", "broker"] = "desk"
