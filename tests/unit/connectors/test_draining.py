"""What waits between threads is taken once, in order, and nobody waits for more."""

from queue import SimpleQueue

from connectors.draining import drained


def test_all_that_waits_is_taken_once_and_in_order() -> None:
    queue: SimpleQueue[int] = SimpleQueue()
    assert drained(queue) == []
    for number in range(5):
        queue.put(number)
    assert drained(queue) == [0, 1, 2, 3, 4]
    queue.put(5)
    assert drained(queue) == [5]
    assert drained(queue) == []
