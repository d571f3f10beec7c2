"""How many requests a minute takes, and the headers that say so."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

WINDOW_S: Final = 60
DEFAULT_PER_MINUTE: Final = 200


class Limiter:
    """A count that begins anew with each minute of the clock, as Alpaca's does.

    >>> from datetime import UTC
    >>> limiter = Limiter(1, lambda: datetime(2026, 3, 19, 14, 0, 20, tzinfo=UTC))
    >>> limiter.take(), limiter.take()
    (True, False)
    >>> limiter.headers()["X-Ratelimit-Remaining"]
    '0'
    """

    def __init__(self, per_minute: int, clock: Callable[[], datetime]) -> None:
        """Begin with nothing taken; 0 per minute is any number."""
        self._most, self._clock = per_minute, clock
        self._window, self._taken = 0, 0

    def take(self) -> bool:
        """Count a request; returns whether it may be answered."""
        window = int(self._clock().timestamp()) // WINDOW_S
        if window != self._window:
            self._window, self._taken = window, 0
        if self._most and self._taken >= self._most:
            return False
        self._taken += 1
        return True

    def headers(self) -> dict[str, str]:
        """Return what every answer says: the limit, what is left, and when it begins anew (s)."""
        if not self._most:
            return {}
        return {
            "X-Ratelimit-Limit": str(self._most),
            "X-Ratelimit-Remaining": str(self._most - self._taken),
            "X-Ratelimit-Reset": str((self._window + 1) * WINDOW_S),
        }
