"""The bell: each ring wakes those who have not heard it."""

import threading

from connectors.kafka.bell import Bell


def test_who_has_not_heard_a_ring_does_not_wait() -> None:
    bell = Bell()
    heard = bell.count
    bell.ring()
    bell.ring()
    assert bell.wait(heard, 60) == heard + 2


def test_a_wait_without_a_ring_ends() -> None:
    bell = Bell()
    assert bell.wait(bell.count, 0.001) == 0


def test_a_ring_wakes_everybody() -> None:
    bell, woken = Bell(), list[int]()
    threads = [threading.Thread(target=lambda: woken.append(bell.wait(0, 60))) for _ in range(3)]
    for thread in threads:
        thread.start()
    bell.ring()
    for thread in threads:
        thread.join(60)
    assert woken == [1, 1, 1]
