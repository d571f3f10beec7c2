"""The pulse of the database: asked by a thread of its own, so that one that hangs is known, too."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from connectors.storage.connection import answers

log = logging.getLogger(__name__)
EVERY_S: Final = 2.0
ANSWER_S: Final = 3
LATE_S: Final = 8.0


class Pulse:
    """Connects anew each time: a database that hangs keeps the connections that it has."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the database's URL; `start` begins. Until it was asked, it counts as there."""
        self._url, self._clock = url, clock
        self._answered = clock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    @property
    def good(self) -> bool:
        """Tell whether the database has answered within the last eight seconds."""
        return self._clock() - self._answered < LATE_S

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._over.set()
        self._thread.join(2 * ANSWER_S)

    def _run(self) -> None:
        was = True
        while not self._over.is_set():
            if good := answers(self._url, ANSWER_S):
                self._answered = self._clock()
            if good != was:
                log.warning("the database answers again" if good else "the database is away")
            was = good
            self._over.wait(EVERY_S)
