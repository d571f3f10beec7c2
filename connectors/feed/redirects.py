"""Where a feed may lead: not to this machine nor into its network, unless it is allowed to."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

import httpx

from connectors.feed.failures import FeedFailed

FOUR_IN_SIX: Final = ip_network("64:ff9b::/96")  # of NAT64: the last four bytes count


def check_redirect(given: str, target: httpx.URL) -> None:
    """Let a redirect pass, or refuse it.

    The very server that the settings name may send anywhere within itself.

    Args:
        given: the feed's address in the settings.
        target: where it leads.

    Raises:
        FeedFailed: BAD_URL for what is no address of the web, PRIVATE_REDIRECT for a loopback,
            private or reserved one.
    """
    if target.scheme not in ("http", "https") or not target.host:
        raise FeedFailed("BAD_URL", "it leads to an address that is neither http nor https")
    own = httpx.URL(given)
    if (own.scheme, own.host, own.port) == (target.scheme, target.host, target.port):
        return
    if any(private(address) for address in addresses_of(target.host)):
        raise FeedFailed(
            "PRIVATE_REDIRECT",
            f"it leads to {target.host}, an address of this machine or its network: name that one "
            "in TIDEWIRE_NEWS__FEEDS, or set TIDEWIRE_NEWS__PRIVATE_REDIRECTS=true",
        )


def addresses_of(host: str) -> list[str]:
    """Return the addresses of a host; none of one that is not found, as no fetch finds it."""
    try:
        found = socket.getaddrinfo(host.rstrip("."), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(place[0]) for *_, place in found]


def private(address: str) -> bool:
    """Tell whether an address is not one of the public net.

    >>> [private(a) for a in ("127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "8.8.8.8")]
    [True, True, True, False]
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return True
    real: IPv4Address | IPv6Address = found
    if isinstance(found, IPv6Address):
        if found in FOUR_IN_SIX:
            real = IPv4Address(int(found) & 0xFFFF_FFFF)
        real = found.ipv4_mapped or found.sixtofour or real
    return not real.is_global or real.is_multicast
