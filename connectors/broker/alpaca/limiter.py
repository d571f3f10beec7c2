"""How often a broker may be asked: never more than so many requests in any minute."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from connectors.broker.errors import RateLimited

MINUTE_S: Final = 60.0
MOST_S: Final = 120.0  # that a broker can make us wait by saying so


class Limiter:
    """A bucket of tokens; each comes back a minute after it was taken.

    Some are kept for what must not wait: a cancel may take any, everything else leaves the reserve.
    May be used from any thread.
    """

    def __init__(
        self, per_minute: int, reserve: int, clock: Callable[[], float],
        wait: Callable[[float], object],
    ) -> None:  # fmt: skip
        """Fill the bucket.

        Args:
            per_minute: tokens; 0 for any number.
            reserve: of these, for what is urgent; half of them at most.
            clock: seconds, steady.
            wait: sleeps for so many seconds; what it raises ends the waiting.
        """
        self._most, self._reserve = per_minute, min(reserve, per_minute // 2)
        self._clock, self._wait = clock, wait
        self._taken: deque[float] = deque()
        self._paused_until = 0.0
        self._lock = threading.Lock()

    def take(self, patience_s: float, *, urgent: bool = False) -> None:
        """Take a token, now or within `patience_s`.

        Raises:
            RateLimited: there is none within that time; nothing was sent.
        """
        deadline = self._clock() + patience_s
        while (wait_s := self._try(urgent)) > 0:
            if self._clock() + wait_s > deadline:
                reason = "Too many requests in a minute, so this one was not sent."
                raise RateLimited(reason, wait_s)
            self._wait(wait_s)

    def told(self, remaining: int | None, reset_s: float) -> None:
        """Hear the broker's own count: other programs may use the same keys.

        Args:
            remaining: requests that it still takes; None where it does not say.
            reset_s: seconds until it takes all of them again.
        """
        with self._lock:
            if remaining is not None and self._most and remaining <= self._reserve:
                until = self._clock() + min(max(reset_s, 0.0), MINUTE_S)
                self._paused_until = max(self._paused_until, until)

    def _try(self, urgent: bool) -> float:
        """Take a token and return 0, or return the seconds until there may be one."""
        with self._lock:
            now = self._clock()
            while self._taken and self._taken[0] <= now - MINUTE_S:
                self._taken.popleft()
            most = self._most if urgent else self._most - self._reserve
            wait_s = 0.0 if urgent else max(0.0, self._paused_until - now)
            if self._most and len(self._taken) >= most:
                back = self._taken[len(self._taken) - most] + MINUTE_S - now
                wait_s = max(wait_s, back, 1e-3)
            if wait_s == 0:
                self._taken.append(now)
            return wait_s
