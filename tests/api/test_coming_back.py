"""Coming back to another API process, which reads the topics in an order of its own."""

import uuid
from contextlib import suppress
from typing import Any

import pytest
from msgspec.structs import replace

from connectors.kafka.layout import Layout
from messages.topics import CONTROL_ACCEPTED, SIGNALS_GENERATED, TRADE_DECISIONS
from messages.trading import Decision
from messages.units import to_datetime
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, served
from tests.api.wire import Hand, events, hear, listening
from tests.streams import OPEN, command, signal
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]


@pytest.fixture
def hand(services: Services) -> Hand:
    """Return a writer of a run of its own."""
    run = uuid.uuid4().hex[:8]
    return Hand(Layout(services.access, run, f"test-{run}.", 2))


def some(web: Served, cursor: str, most: int) -> tuple[list[str], str, int]:
    """Hear so many events behind a cursor, and go; returns them, the newest cursor, and missed."""
    socket, welcome = listening(web, "signals", cursor=cursor)
    assert not welcome["gap"]
    heard = events(socket, min(most, welcome["missed"]))
    with suppress(OSError):
        socket.close()
    newest = heard[-1]["cursor"] if heard else welcome["cursor"]
    return [event["data"]["id"] for event in heard], newest, welcome["missed"]


def test_each_event_is_told_once_across_processes(hand: Hand, played_day: Demo) -> None:
    """What was written in turns is read one partition after the other by who starts later."""
    made = [signal(n, "AAA", "LONG").body for n in range(1, 61)]
    with served(played_day.run, hand.layout) as web:
        socket, _ = listening(web, "signals")
        for n, body in enumerate(made):
            hand.write(SIGNALS_GENERATED, [body], n % 2)  # type: ignore[list-item]
        heard = events(socket, 31)
        socket.close()
    found, cursor = [event["data"]["id"] for event in heard], heard[-1]["cursor"]
    for most in (5, 7, 60):
        with served(played_day.run, hand.layout) as web:
            told, cursor, missed = some(web, cursor, most)
            assert missed == len(made) - len(found)
            found += told
    assert sorted(found) == sorted(body.id for body in made)  # type: ignore[attr-defined]


def test_what_a_command_brings_about_names_it(hand: Hand, played_day: Demo) -> None:
    asked: Any = replace(command(1, "disable_strategy").body, strategy="momentum")
    with served(played_day.run, hand.layout) as web:
        socket, _ = listening(web, "system", "trades")
        for partition in range(hand.layout.partitions):  # every partition gets a copy
            hand.write(CONTROL_ACCEPTED, [asked], partition)
        decided = Decision(
            id="dec-1", event_time=to_datetime(OPEN), account="paper", ticker="AAA", side="SELL",
            accepted=True, cause="command", signal_id=asked.id, code="ACCEPTED",
        )  # fmt: skip
        hand.write(TRADE_DECISIONS, [decided])
        told = {event["kind"]: event for event in events(socket, 2)}
        assert told["control.accepted"]["channel"] == "system"
        assert told["control.accepted"]["data"]["kind"] == "disable_strategy"
        assert told["control.accepted"]["data"]["who"] == "tester"
        assert {event["data"]["command_id"] for event in told.values()} == {asked.id}
        web.api.live._heartbeat_s = 0.1
        socket.close()
        eventually(lambda: not web.api.live._listeners)
        socket, _ = listening(web, "system")
        assert hear(socket)["type"] == "heartbeat"  # and no second copy
        socket.close()
