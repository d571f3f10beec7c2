"""Threads that a process does not wait for at its end.

The standard library's executors are joined at exit: a thread that waits for a server would hold
a flow back that was asked to stop.
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

A = TypeVar("A")
R = TypeVar("R")


class DaemonPool:
    """A few threads that do what is submitted, in the order of submission."""

    def __init__(self, workers: int, name: str) -> None:
        """Start the threads."""
        self._work: SimpleQueue[tuple[Future[object], Callable[[], object]]] = SimpleQueue()
        for i in range(workers):
            threading.Thread(target=self._run, name=f"{name}-{i}", daemon=True).start()

    def submit(self, act: Callable[[], R]) -> Future[R]:
        """Have something done; the future holds its result or its exception."""
        future: Future[R] = Future()
        self._work.put((future, act))  # type: ignore[arg-type]  # the queue does not look inside
        return future

    def map(self, act: Callable[[A], R], values: Iterable[A]) -> list[R]:
        """Do something with each value, side by side; blocks, and raises what the first raised."""

        def bound(value: A) -> Callable[[], R]:
            return lambda: act(value)

        return [future.result() for future in [self.submit(bound(v)) for v in values]]

    def _run(self) -> None:
        while True:
            future, act = self._work.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(act())
            except BaseException as error:  # handed to whoever asked
                future.set_exception(error)
