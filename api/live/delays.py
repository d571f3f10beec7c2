"""How long it takes from the moment that a record is of to its append, topic by topic.

All that follows from one moment has its stamp: what a topic adds to the one before it is the delay
of that hop. In simulated time stamps are of another day, and none of this means anything.
"""

import threading
from collections import deque
from typing import Final

from connectors.kafka.follower import FollowedRecord

NEWEST: Final = 200
LONGEST_MS: Final = 3_600_000.0  # what is older was not made just now


class Delays:
    """The delays of the newest records of each topic."""

    def __init__(self) -> None:
        """Start without any."""
        self._found: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def take(self, record: FollowedRecord) -> None:
        """Take a record that was just read."""
        delay = record.appended_ms - record.stamp / 1_000
        if 0 <= delay < LONGEST_MS:
            with self._lock:
                self._found.setdefault(record.topic.name, deque(maxlen=NEWEST)).append(delay)

    def of(self, topic: str) -> tuple[float, float] | None:
        """Return the median and the 99th percentile, milliseconds; None without records."""
        with self._lock:
            found = sorted(self._found.get(topic, ()))
        if not found:
            return None
        return found[len(found) // 2], found[min(len(found) - 1, len(found) * 99 // 100)]
