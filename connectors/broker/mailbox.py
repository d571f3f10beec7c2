"""What a stream brought and nobody has taken yet: in order, and never more than so much."""

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """A bounded queue between a stream's threads and its reader's."""

    def __init__(self, capacity: int) -> None:
        """Start empty; there is always room for what is put with `always`."""
        self._capacity = capacity
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Tell whether nobody takes anything any more."""
        return self._closed

    def close(self) -> None:
        """Let go of what waits; whoever waits for more returns, and nothing is added any more."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def put(self, item: T, *, always: bool = False) -> bool:
        """Add an item; False where there is no room for it. Of a closed one nobody hears."""
        with self._changed:
            if self._closed:
                return True
            if not always and len(self._items) >= self._capacity:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def take(self, timeout_s: float) -> list[T]:
        """Return everything, in order; waits for the first; empty where none came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed, timeout_s)
            found = list(self._items)
            self._items.clear()
            return found

    @property
    def crowded(self) -> bool:
        """Tell whether more than half of it waits for its reader."""
        with self._changed:
            return len(self._items) > self._capacity // 2
