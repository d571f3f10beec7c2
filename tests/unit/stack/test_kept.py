"""A server that is kept up: what is said, and when it is tried again."""

import threading

import pytest

from stack.servers import kept
from stack.servers.kept import Kept
from tests.waiting import eventually


class Server:
    """One whose deaths and starts a test decides."""

    def __init__(self) -> None:
        self.dead = False
        self.starts = 0
        self.trouble = ""
        self.held = threading.Event()
        self.held.set()

    def start(self) -> None:
        self.held.wait(60)
        self.starts += 1
        if self.trouble:
            raise RuntimeError(self.trouble)
        self.dead = False

    def stop(self) -> None:
        self.held.set()

    def has_died(self) -> bool:
        return self.dead


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "BACK_OFF_S", (0.0,))


def test_one_that_is_well_is_left_alone() -> None:
    server = Server()
    looked = Kept("PostgreSQL", server)
    assert [looked.look() for _ in range(3)] == ["", "", ""]
    assert (server.starts, looked.down, looked.restarts) == (0, "", 0)
    looked.close()


def test_one_that_has_died_is_started_again_and_said_twice() -> None:
    server = Server()
    looked = Kept("PostgreSQL", server)
    server.dead = True
    server.held.clear()
    assert looked.look() == "PostgreSQL has died, and is started again"
    assert looked.down
    assert looked.look() == ""  # it starts
    assert looked.look() == ""
    server.held.set()
    assert eventually(looked.look) == "PostgreSQL is back"
    assert (looked.down, looked.restarts, server.starts) == ("", 1, 1)
    assert looked.look() == ""
    looked.close()


def test_one_that_does_not_start_is_tried_again_and_its_reason_is_said_once() -> None:
    server = Server()
    looked = Kept("Apache Kafka", server)
    server.dead, server.trouble = True, "No space left on device"
    assert looked.look()
    said = eventually(looked.look)
    assert said == "Apache Kafka does not start again: No space left on device"
    eventually(lambda: looked.look() or server.starts > 3)
    assert looked.down == "No space left on device"
    server.trouble = ""
    assert eventually(looked.look) == "Apache Kafka is back"
    looked.close()


def test_it_is_tried_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "BACK_OFF_S", (0.0, 1_000.0))
    server = Server()
    looked = Kept("Apache Kafka", server)
    server.dead, server.trouble = True, "no"
    looked.look()
    assert eventually(looked.look)
    for _ in range(5):
        assert looked.look() == ""
    assert server.starts == 1
    looked.close()


def test_closing_ends_a_start_that_hangs() -> None:
    server = Server()
    looked = Kept("Apache Kafka", server)
    server.dead = True
    server.held.clear()
    looked.look()
    looked.look()
    looked.close()
    assert server.starts == 1
