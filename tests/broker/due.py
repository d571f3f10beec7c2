"""The time of a request, over once the server has read it: no speed of the machine decides."""

import threading
from collections.abc import Callable

import pytest

from connectors.broker.alpaca import sending
from tests.broker.raw import Answer

AFTER_S = 0.2  # the server has read a request; long enough for some bytes that drip


class Clock:
    """The timers of requests; each runs out when a test says so, and never by itself."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._work: list[Callable[[], object]] = []
        clock = self

        class Held:
            daemon = True

            def __init__(self, _: float, work: Callable[[], object]) -> None:
                self._work = work

            def start(self) -> None:
                clock._work.append(self._work)

            def cancel(self) -> None:
                pass

        monkeypatch.setattr(sending, "Timer", Held)

    def runs_out_once_read(self, answer: Answer) -> Answer:
        """Answer as `answer` does, to a request whose time is over a moment later."""

        def timed(connected: object, request: bytes) -> None:
            threading.Timer(AFTER_S, self._work[-1]).start()
            answer(connected, request)  # type: ignore[arg-type]

        return timed
