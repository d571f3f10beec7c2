"""What a stream brought and nobody has taken yet: in order, and never more than so much."""

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """A bounded queue between a stream's thread and its reader's."""

    def __init__(self, capacity: int) -> None:
        """Start empty; there is always room for what is put with `always`."""
        self._capacity = capacity
        self._items: deque[T] = deque()
        self._changed = threading.Condition()

    def put(self, item: T, *, always: bool = False) -> bool:
        """Add an item; False where there is no room for it."""
        with self._changed:
            if not always and len(self._items) >= self._capacity:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def take(self, timeout_s: float) -> list[T]:
        """Return everything, in order; waits for the first; empty where none came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._items, timeout_s)
            found = list(self._items)
            self._items.clear()
            return found

    @property
    def crowded(self) -> bool:
        """Tell whether more than half of it waits for its reader."""
        with self._changed:
            return len(self._items) > self._capacity // 2
