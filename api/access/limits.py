"""How often a person or a peer may call: a moving window a minute long, kept in memory."""

import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.problems import TooMany

NAMESPACE: Final = "tidewire"


class Limits:
    """Counts calls by endpoint and caller."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def take(self, name: str, caller: str, per_minute: int) -> None:
        """Count one call.

        Args:
            name: of the endpoint.
            caller: id of a person, or address of a peer.
            per_minute: calls that are allowed.

        Raises:
            TooMany: there were too many within the last minute.
        """
        item = RateLimitItemPerMinute(per_minute, 1, NAMESPACE)
        if not self._limiter.hit(item, name, caller):
            at = self._limiter.get_window_stats(item, name, caller).reset_time
            raise TooMany(max(1, int(at - time.time()) + 1))
