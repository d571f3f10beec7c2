"""A long answer is read to its end, however little the limit allows."""

from types import SimpleNamespace
from typing import Any

import pytest

from connectors.broker.alpaca import asking
from connectors.broker.alpaca.asking import Door
from connectors.broker.alpaca.keys import Access
from connectors.broker.errors import BrokerAway, RateLimited
from tests.broker.served import params_for


class Closed:
    """What a door sleeps by; time moves only by sleeping."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.is_set = False

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return self.is_set


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Closed:
    made = Closed()
    monkeypatch.setattr(asking, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


@pytest.fixture
def door(closed: Closed) -> Door:
    made = Door(Access(params_for(1)), per_minute=10, reserve=0, timeout_s=1)
    made.closed = closed  # type: ignore[assignment]
    return made


def test_pages_after_the_first_wait_for_the_limit(door: Door, closed: Closed) -> None:
    asked: list[Any] = []
    ask = door.paging(asked.append)
    for page in range(35):
        ask({"page": page})
    assert [params["page"] for params in asked] == list(range(35))
    assert closed.now >= 1_000 + 180
    for _ in range(5):
        door.read(lambda: None)
    with pytest.raises(RateLimited):  # another question does not wait that long
        door.read(lambda: None)


def test_a_page_that_is_refused_for_the_limit_is_asked_for_again(
    door: Door, closed: Closed
) -> None:
    answers: list[Any] = [1, RateLimited("full", 7), 2]

    def answer(_: object) -> Any:
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    ask = door.paging(answer)
    assert [ask({}), ask({})] == [1, 2]
    assert closed.now >= 1_007
    answers.append(RateLimited("full", 7))
    with pytest.raises(RateLimited):
        door.paging(answer)({})


def test_what_waits_for_a_page_is_let_go_when_it_is_closed(door: Door, closed: Closed) -> None:
    ask = door.paging(lambda _: None)
    for _ in range(10):
        ask({})
    closed.is_set = True
    with pytest.raises(BrokerAway, match="closed"):
        ask({})
