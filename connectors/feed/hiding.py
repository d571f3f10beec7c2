"""What of a feed's address is nobody's business: its user, its password, keys in its query."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

SECRET: Final = re.compile(
    r"key|token|secret|auth|pass|pwd|sig|cred|session|code|user|login|mail|account|client|hash|uid",
    re.IGNORECASE,
)
KEYLIKE: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9+/_=.~-]{16,}")
LONG: Final = 6  # characters from which on a secret is looked for in texts of others
HIDDEN: Final = "***"


def shown_address(url: str) -> str:
    """Return an address as logs and errors may have it: without user, password and query.

    >>> shown_address("https://ann:pw@x.test:8443/rss?key=1")
    'https://x.test:8443/rss'
    """
    try:
        parts = urlsplit(url)
        return parts._replace(
            netloc=parts.netloc.rpartition("@")[2], query="", fragment=""
        ).geturl()
    except ValueError:
        return HIDDEN


def secrets_of(url: str) -> frozenset[str]:
    """Return the user, the password and the keys that an address holds, as they are written.

    >>> sorted(secrets_of("https://ann:p%40w@x.test/?s=AAPL&api_key=k1"))
    ['ann', 'k1', 'p%40w', 'p@w']
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return frozenset()
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    keys = [
        value
        for name, value in parse_qsl(parts.query)
        if SECRET.search(name) or KEYLIKE.fullmatch(value)
    ]
    raw = re.findall(r"=([^&]*)", parts.query)
    found = {user, password, unquote(user), unquote(password), *keys}
    found |= {value for value in raw if unquote(value) in keys}
    return frozenset(found - {""})


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Return a text with what is secret in it replaced, where it stands as a word of its own.

    >>> hidden("ann at x.test: no channel", {"ann"})
    '*** at x.test: no channel'
    """
    for secret in sorted(secrets, key=len, reverse=True):
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])", HIDDEN, text)
    return text


def without_secrets(link: str, secrets: frozenset[str]) -> str:
    """Return an article's address without user, password, and the keys of its feed.

    >>> without_secrets("https://ann:pw@x.test/a?id=7&t=k1", frozenset({"k1"}))
    'https://x.test/a?id=7'
    """
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    kept = "&".join(
        pair
        for pair in parts.query.split("&")
        if not secrets.intersection((pair.partition("=")[2], unquote(pair.partition("=")[2])))
    )
    if "@" in parts.netloc or kept != parts.query:
        link = parts._replace(netloc=parts.netloc.rpartition("@")[2], query=kept).geturl()
    return hidden(link, (s for s in secrets if len(s) >= LONG))
