"""Commands as soon as they are let in, ahead of the log's order: a halt cannot queue.

The log gives out a command once every other topic's time has passed it; while a flow hangs that may
be never. What is heard here early comes again in its place, and is known by its id.
"""

import logging
import threading
import time
from queue import SimpleQueue
from typing import Final

from connectors.draining import drained
from connectors.kafka.bell import Bell
from connectors.kafka.follower import Follower
from connectors.kafka.layout import ADMIN_TIMEOUT_S, BrokerUnavailable, Layout
from messages.control import Command
from messages.topics import CONTROL_ACCEPTED

log = logging.getLogger(__name__)
BEFORE: Final = 1_000  # commands from before the start, which may have come while nobody listened
LOOK_S: Final = 0.5


class CommandTail:
    """Follows `control.accepted` on a daemon thread."""

    def __init__(self, layout: Layout, bell: Bell) -> None:
        """Take what was let in so far, and follow from there.

        Args:
            layout: of the run.
            bell: rung when a command comes.

        Raises:
            BrokerUnavailable: the log cannot be read: without it no order may be sent.
        """
        self._bell = bell
        self._commands: SimpleQueue[Command] = SimpleQueue()
        self._follower = Follower(layout, [CONTROL_ACCEPTED], before=BEFORE)
        self._catch_up(layout)
        threading.Thread(target=self._follow, name="commands", daemon=True).start()

    def take(self) -> list[Command]:
        """Return what came since the last call, in order; never waits."""
        return drained(self._commands)

    def _catch_up(self, layout: Layout) -> None:
        follower, deadline = self._follower, time.monotonic() + ADMIN_TIMEOUT_S
        while any(follower.position[at] < end for at, end in follower.ends.items()):
            if time.monotonic() > deadline:
                reason = f"The log at {layout.bootstrap} does not give out the run's commands."
                raise BrokerUnavailable(reason)
            self._read(LOOK_S)

    def _follow(self) -> None:
        while True:
            try:
                if self._read(LOOK_S):
                    self._bell.ring()
            except Exception:  # a thread that died would leave halts to the log's order
                log.exception("commands are followed on")
                time.sleep(LOOK_S)

    def _read(self, timeout_s: float) -> bool:
        found = [r.body for r in self._follower.read(timeout_s) if isinstance(r.body, Command)]
        for command in found:
            self._commands.put(command)
        return bool(found)
