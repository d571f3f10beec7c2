"""What waits in a queue between threads, taken at once."""

from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def drained(queue: "SimpleQueue[T]") -> list[T]:
    """Return all that waits in a queue, in order; never waits.

    >>> queue: SimpleQueue[int] = SimpleQueue()
    >>> for number in (1, 2): queue.put(number)
    >>> drained(queue), drained(queue)
    ([1, 2], [])
    """
    found: list[T] = []
    while True:
        try:
            found.append(queue.get_nowait())
        except Empty:
            return found
