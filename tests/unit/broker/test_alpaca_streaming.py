"""A stream is kept up, says when it was not, and lets go at once."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from connectors.broker.alpaca.streaming import KeptStream, StreamTimes, let_go
from connectors.broker.errors import BrokerAway
from connectors.broker.values import StreamState
from tests.waiting import eventually, no_longer_than

QUICK = StreamTimes(open_s=30, back_off_s=0.001, max_back_off_s=0.002, capacity=4)
HIDDEN = "what-nobody-may-see"


class Scripted:
    """A line that gives what a test says, and then waits for ever."""

    def __init__(self, *steps: object) -> None:
        self._steps = list(steps)
        self.dropped = False

    async def open(self) -> None:
        if self._steps and self._steps[0] == "hang":
            await asyncio.Event().wait()
        if self._steps and isinstance(self._steps[0], ConnectionError):
            raise self._steps.pop(0)  # type: ignore[misc]

    async def receive(self) -> Sequence[int]:
        if not self._steps:
            await asyncio.Event().wait()
        step = self._steps.pop(0)
        if isinstance(step, Exception):
            raise step
        assert isinstance(step, int)
        return [step]

    async def drop(self) -> None:
        self.dropped = True


def hidden(text: object) -> str:
    return str(text).replace(HIDDEN, "***")


@contextmanager
def stream(*lines: Scripted, times: StreamTimes = QUICK) -> Iterator[KeptStream[int, Scripted]]:
    waiting = list(lines)
    make: Callable[[], Scripted] = lambda: waiting.pop(0) if waiting else Scripted()  # noqa: E731
    kept: KeptStream[int, Scripted] = KeptStream("test-stream", make, times, hidden)
    with kept:
        yield kept


def told(kept: KeptStream[int, Scripted], count: int) -> list[object]:
    """Return what is told, states as `up` and reasons."""
    found: list[object] = []

    def enough() -> bool:
        for item in kept.take(0.05):
            if isinstance(item, StreamState):
                found.append("up" if item.up else item.reason)
            else:
                found.append(item)
        return len(found) >= count

    eventually(enough, what=lambda: found)
    return found


def test_what_comes_is_told_between_the_states() -> None:
    with stream(Scripted(1, 2, BrokerAway("gone")), Scripted(3)) as kept:
        assert told(kept, 6) == ["up", 1, 2, "gone", "up", 3]


def test_whatever_a_line_raises_another_one_follows() -> None:
    odd = [ValueError("odd"), KeyError("x"), RecursionError("deep"), TimeoutError()]
    with stream(*[Scripted(error) for error in odd], Scripted(7)) as kept:
        found = told(kept, 10)
    assert found == [
        "up", "ValueError: odd", "up", "KeyError: 'x'", "up", "RecursionError: deep", "up",
        "it did not answer in time", "up", 7,
    ]  # fmt: skip


class Undroppable(Scripted):
    async def drop(self) -> None:
        raise OSError


class Fatal(BaseException):
    """What no line expects."""


class Deadly(Scripted):
    async def receive(self) -> Sequence[int]:
        raise Fatal


def test_whatever_goes_wrong_beside_the_line_is_said_and_another_one_follows() -> None:
    failed = "it failed by itself: "
    times = StreamTimes(open_s=30, back_off_s=0.001, max_back_off_s=0.002)
    lines = (Undroppable(BrokerAway("gone")), Deadly(), Scripted(1))
    with stream(*lines, times=times) as kept:
        assert told(kept, 7) == [
            "up", "gone", f"{failed}OSError", "up", f"{failed}Fatal", "up", 1,
        ]  # fmt: skip


def test_a_line_that_cannot_be_made_is_said_and_another_one_follows() -> None:
    lines = [Scripted(1)]

    def make() -> Scripted:
        made.append(None)
        if len(made) < 3:
            raise RuntimeError
        return lines.pop()

    made: list[None] = []
    with KeptStream[int, Scripted]("test-stream", make, QUICK, hidden) as kept:
        assert told(kept, 3) == ["it failed by itself: RuntimeError", "up", 1]


def test_the_same_failure_is_told_once() -> None:
    refused = [Scripted(ConnectionError("refused")) for _ in range(5)]
    with stream(*refused, Scripted(ConnectionError("other")), Scripted(1)) as kept:
        assert told(kept, 4) == ["ConnectionError: refused", "ConnectionError: other", "up", 1]
    assert all(line.dropped for line in refused)


def test_keys_are_not_in_a_reason(caplog: pytest.LogCaptureFixture) -> None:
    with stream(Scripted(BrokerAway(f"it said {HIDDEN}"))) as kept:
        assert "it said ***" in told(kept, 2)
    assert HIDDEN not in caplog.text


def test_a_reader_that_is_behind_is_told_and_nothing_is_lost_unsaid() -> None:
    line = Scripted(*range(100))
    with stream(line, Scripted(100), times=QUICK) as kept:
        eventually(lambda: line.dropped)
        found = told(kept, 7)
    assert found == ["up", 0, 1, 2, "its reader is more than 4 items behind", "up", 100]


@pytest.mark.parametrize("steps", [("hang",), (), (1, 2, 3)])
def test_it_lets_go_at_once(steps: tuple[object, ...]) -> None:
    line = Scripted(*steps)
    with no_longer_than(30), stream(line) as kept:
        kept.take(0.01)
        kept.close()
        kept.close()
    eventually(lambda: not kept._thread.is_alive())


def test_a_connection_is_let_go_also_where_its_closing_is_cancelled() -> None:
    class Socket:
        aborted = False

        @property
        def transport(self) -> "Socket":
            return self

        def abort(self) -> None:
            self.aborted = True

        async def close(self) -> None:
            closing.set()
            await asyncio.Event().wait()

    async def cancelled() -> None:
        task = asyncio.create_task(let_go(socket))
        await closing.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    closing, socket = asyncio.Event(), Socket()
    asyncio.run(cancelled())
    assert socket.aborted


def test_opening_takes_no_longer_than_it_may() -> None:
    with stream(
        Scripted("hang"), Scripted(1), times=StreamTimes(open_s=0.05, back_off_s=0.01)
    ) as kept:
        assert told(kept, 3) == ["it did not answer in time", "up", 1]
