"""Sockets that a server listens on."""

import errno
import socket
from typing import Final

BACKLOG: Final = 2_048
NOT_TAKEN_MS: Final = 30_000  # what a peer does not take within this time is cut off
NONE_SUCH: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def listening(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen; `localhost` is every loopback that the machine has.

    Raises:
        OSError: the port is taken, or the address is none of this machine's.
    """
    if host != "localhost":
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return [_listening(family, host, port)]
    found = [_listening(socket.AF_INET, "127.0.0.1", port)]
    try:
        found.append(_listening(socket.AF_INET6, "::1", port))
    except OSError as error:
        # Without IPv6 there is one loopback; but where somebody else listens on the other one,
        # browsers would find them under our name.
        if error.errno not in NONE_SUCH:
            found[0].close()
            raise
    return found


def _listening(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # With its protocol named: asyncio sends at once (TCP_NODELAY) on connections of such sockets
    # only, and an answer in two parts takes 40 ms longer elsewhere.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # inherited by each connection, tcp(7)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, NOT_TAKEN_MS)
        found.bind((host, port))
        found.listen(BACKLOG)  # until then somebody else may bind it, too
    except OSError:
        found.close()
        raise
    return found
