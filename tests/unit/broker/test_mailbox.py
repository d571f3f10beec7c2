"""The queue between a stream's threads and its reader's: bounded, in order, and closed for good."""

from concurrent.futures import ThreadPoolExecutor

from connectors.broker.mailbox import Mailbox
from tests.waiting import no_longer_than


def test_it_holds_so_much_and_gives_it_in_order() -> None:
    box: Mailbox[int] = Mailbox(2)
    assert box.take(0) == []
    assert [box.put(n) for n in range(3)] == [True, True, False]
    assert box.crowded
    assert box.put(9, always=True)
    assert box.take(0) == [0, 1, 9]
    assert not box.crowded


def test_who_waits_is_woken_by_what_comes_and_by_its_end() -> None:
    box: Mailbox[int] = Mailbox(2)
    with ThreadPoolExecutor(1) as pool, no_longer_than(60):
        waiting = pool.submit(box.take, 600)
        box.put(1)
        assert waiting.result() == [1]
        waiting = pool.submit(box.take, 600)
        box.close()
        assert waiting.result() == []


def test_a_closed_one_takes_nothing_and_gives_nothing() -> None:
    box: Mailbox[int] = Mailbox(2)
    box.put(1)
    box.close()
    assert box.closed
    assert [box.put(n) for n in range(5)] == [True] * 5
    assert box.take(600) == []
