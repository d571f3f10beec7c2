"""A server that is kept up: one that has died is started again, for as long as it takes."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Protocol

BACK_OFF_S: Final = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
CALM_S: Final = 60.0  # up for so long, its deaths of before no longer count


class Server(Protocol):
    """A server of ours: a process with data that outlives it."""

    def start(self) -> None:
        """Start it, where it was before; blocks until it answers."""
        ...

    def stop(self) -> None:
        """Stop it; ends a start in another thread."""
        ...

    def has_died(self) -> bool:
        """Tell whether it is gone, though nobody stopped it."""
        ...


class Kept:
    """Looks after one server; `look` is called every fraction of a second.

    Attributes:
        name: for people.
        down: why it is not up now; empty while it is.
        restarts: how often it was started again.
    """

    def __init__(self, name: str, server: Server) -> None:
        """Take a server that was started, or is not ours and has never died."""
        self.name, self._server = name, server
        self.down = ""
        self.restarts = 0
        self._tries = 0
        self._again = self._up_since = 0.0
        self._starting: Future[None] | None = None
        self._pool = ThreadPoolExecutor(1, f"start-{name}")

    def look(self) -> str:
        """Start the server again where it has died; waits for nothing.

        Returns:
            What is to be said of it now; mostly nothing.
        """
        now = time.monotonic()
        if self._starting is not None:
            return self._started(now) if self._starting.done() else ""
        if self.down:
            if now >= self._again:
                self._starting = self._pool.submit(self._server.start)
            return ""
        if not self._server.has_died():
            return ""
        if now - self._up_since > CALM_S:
            self._tries = 0
        self.down = "it has died, and is started again"
        self._wait(now)
        return f"{self.name} has died, and is started again"

    def close(self) -> None:
        """Stop the server, whatever it is about."""
        self._server.stop()
        self._pool.shutdown(cancel_futures=True)
        self._server.stop()  # what was started meanwhile

    def _started(self, now: float) -> str:
        assert self._starting is not None
        error, self._starting = self._starting.exception(), None
        if error is None:
            self.down, self._up_since = "", now
            self.restarts += 1
            return f"{self.name} is back"
        known, self.down = self.down, str(error)
        self._wait(now)
        return "" if known == self.down else f"{self.name} does not start again: {error}"

    def _wait(self, now: float) -> None:
        self._again = now + BACK_OFF_S[min(self._tries, len(BACK_OFF_S) - 1)]
        self._tries += 1
