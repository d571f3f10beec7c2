"""Open HTTP connections, so that one can be closed without an answer."""

from asyncio import BaseTransport, Transport
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol


class Connections:
    """The server's connections, by the address at their other end."""

    def __init__(self) -> None:
        """Begin with none."""
        self._open: dict[Any, Transport] = {}

    async def abort(self, scope: Scope, receive: Receive) -> None:
        """Close a request's connection at once; returns when it is closed."""
        self._open[tuple(scope["client"])].abort()
        while (await receive())["type"] != "http.disconnect":
            continue

    def protocol(self) -> type[H11Protocol]:
        """Return uvicorn's protocol, which tells of its connections here."""
        opened = self._open

        class Told(H11Protocol):
            """HTTP on one connection."""

            def connection_made(self, transport: BaseTransport) -> None:
                """Remember it."""
                super().connection_made(transport)  # type: ignore[arg-type]
                opened[tuple(transport.get_extra_info("peername"))] = self.transport

            def connection_lost(self, exc: Exception | None) -> None:
                """Forget it."""
                opened.pop(tuple(self.transport.get_extra_info("peername") or ()), None)
                super().connection_lost(exc)

        return Told
