"""The tail: one thread that follows the run's topics for all who listen."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from api.live.channels import CHANNEL_OF, FOLLOWED
from api.live.delays import Delays
from api.live.hub import Hub
from connectors.kafka.follower import Follower
from connectors.kafka.layout import BrokerUnavailable, Layout

log = logging.getLogger(__name__)
BEFORE: Final = 500  # records of each partition, before its end, for those who come back
WAIT_S: Final = 0.5
ASK_S: Final = 2.0
ANSWER_S: Final = 5.0
LATE_S: Final = 10.0


class Tail:
    """Reads, tells the hub, and knows whether the broker answers.

    Attributes:
        delays: of what it has read.
    """

    def __init__(
        self, layout: Layout, hub: Hub, clock: Callable[[], float] = time.monotonic
    ) -> None:  # fmt: skip
        """Take where to read and whom to tell; `start` begins."""
        self._layout, self._hub, self._clock = layout, hub, clock
        self.delays = Delays()
        self._over = threading.Event()
        self._answered = float("-inf")
        self._thread = threading.Thread(target=self._run, name="tail", daemon=True)

    @property
    def good(self) -> bool:
        """Tell whether the broker has answered within the last ten seconds."""
        return self._clock() - self._answered < LATE_S

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Read no more."""
        self._over.set()
        self._thread.join(2 * ANSWER_S)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                follower = Follower(self._layout, FOLLOWED, before=BEFORE, timeout_s=ANSWER_S)
            except BrokerUnavailable as error:
                log.warning("the tail waits for the broker: %s", error)
                self._over.wait(WAIT_S)
                continue
            try:
                self._follow(follower)
            except Exception:
                log.exception("the tail begins again")
                self._over.wait(WAIT_S)
            finally:
                follower.close()

    def _follow(self, follower: Follower) -> None:
        channels = {self._layout.name(topic): CHANNEL_OF[topic.name] for topic in FOLLOWED}
        self._hub.begin(dict(follower.position), channels)
        ends, ready, asked = dict(follower.ends), False, self._clock()
        self._answered = asked
        while not self._over.is_set():
            records = follower.read(WAIT_S)
            for record in records:
                self.delays.take(record)
            self._hub.tell(
                [(self._layout.name(record.topic), record) for record in records],
                follower.position,
            )
            if not ready and all(follower.position[place] >= end for place, end in ends.items()):
                ready = True
                self._hub.ready()
            if (now := self._clock()) - asked > ASK_S:
                asked = now
                self._answered = now if follower.answers() else self._answered
