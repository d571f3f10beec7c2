"""A look at a run's topics once a minute: what was done to them is said."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from connectors.kafka.incarnation import changes, incarnation
from connectors.kafka.layout import BrokerUnavailable
from connectors.runs import Run
from messages.topics import EVERY_TOPIC

EVERY_S: Final = 60.0


class TopicWatch:
    """Looks in a thread of its own; `look` waits for nothing.

    Attributes:
        amiss: what is, a sentence each; as of the last time that Kafka answered.
    """

    def __init__(self, run: Run, every_s: float = EVERY_S) -> None:
        """Take a run whose topics were as they should be."""
        self._run, self._every_s = run, every_s
        self._next = time.monotonic() + every_s
        self._looking: Future[list[str]] | None = None
        self._pool = ThreadPoolExecutor(1, "topics")
        self.amiss: list[str] = []

    def look(self) -> list[str]:
        """Look once where it is time; returns what is amiss that was not before."""
        if self._looking is None:
            if time.monotonic() >= self._next:
                self._looking = self._pool.submit(self._find)
            return []
        if not self._looking.done():
            return []
        before, self.amiss = self.amiss, self._looking.result()
        self._looking, self._next = None, time.monotonic() + self._every_s
        return [said for said in self.amiss if said not in before]

    def close(self) -> None:
        """Look no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _find(self) -> list[str]:
        layout = self._run.layout
        try:
            found = incarnation(layout, EVERY_TOPIC)
        except BrokerUnavailable:
            return self.amiss  # that it is away is said elsewhere
        return changes(layout, EVERY_TOPIC, found, self._run.topic_ids)
