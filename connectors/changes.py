"""What is worth telling again: what has changed, and everything once in a while."""

import time
from collections.abc import Callable, Hashable
from typing import Final

AGAIN_S: Final = 60.0


class Changes:
    """Remembers what was told of each subject, and when."""

    def __init__(
        self, again_s: float = AGAIN_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Start with nothing told; what stays as it is is told again after some seconds."""
        self._again, self._monotonic = again_s, monotonic
        self._told: dict[str, tuple[Hashable, float]] = {}

    def worth_telling(self, subject: str, what: Hashable) -> bool:
        """Tell whether something is to be told of a subject, and take it as told if so."""
        now = self._monotonic()
        known = self._told.get(subject)
        if known is not None and known[0] == what and now - known[1] < self._again:
            return False
        self._told[subject] = (what, now)
        return True
