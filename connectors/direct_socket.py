"""A websocket that goes where it was sent, and nowhere else: the keys go by it next."""

from typing import Any

from websockets.exceptions import SecurityError
from websockets.legacy.client import WebSocketClientProtocol
from websockets.legacy.exceptions import RedirectHandshake


class Direct(WebSocketClientProtocol):
    """A connection of the library's that follows no redirect."""

    async def handshake(self, *args: Any, **kwargs: Any) -> None:
        """Open it.

        Raises:
            SecurityError: the server names another address.
        """
        try:
            await super().handshake(*args, **kwargs)
        except RedirectHandshake:
            reason = "the server sends it elsewhere, where the keys must not go"
            raise SecurityError(reason) from None
