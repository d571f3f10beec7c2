"""The stand-in on a socket."""

import socket
from typing import Final

import uvicorn

from connectors.broker.stand_in.app import StandIn

LOOPBACK: Final = "127.0.0.1"  # nowhere else: it is a toy with a key that is printed
GRACE_S: Final = 2


def server_of(stand_in: StandIn) -> uvicorn.Server:
    """Return a server; `server.run([socket])` serves until `server.should_exit`."""
    config = uvicorn.Config(
        stand_in.asgi,
        http=stand_in.connections.protocol(),
        ws="websockets-sansio",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    return uvicorn.Server(config)


def bound(port: int = 0) -> socket.socket:
    """Return a socket on loopback; port 0 is any that is free.

    Raises:
        OSError: the port is taken.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((LOOPBACK, port))
        found.listen()  # who has read the address may come before the server runs
    except OSError:
        found.close()
        raise
    return found
