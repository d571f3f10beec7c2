"""The hub: whoever joins, whenever, hears each event of their channels once, in order."""

import asyncio
import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access.person import Person
from api.live.hub import MOST_OF_ONE, Full, Hub, NotReady
from api.live.listener import AWAY, SESSION_OVER, SLOW, Listener
from connectors.kafka.follower import FollowedRecord
from messages.topics import NEWS_SCORED, SIGNALS_GENERATED
from tests.streams import scored, signal

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PLACES = {("x.news.scored", 0): 0, ("x.signals.generated", 0): 0, ("x.signals.generated", 1): 0}
CHANNELS: Any = {"x.news.scored": "news", "x.signals.generated": "signals"}
NEWS: Any = scored(1, "AAA", 0.5).body
SIGNAL: Any = signal(1, "AAA", "LONG").body


def everybody(sessions: Collection[str]) -> set[str]:
    return set(sessions)


def hub_of(alive: Any = everybody, heartbeat_s: float = 600.0) -> Hub:
    hub = Hub("run", lambda: NOON, alive, heartbeat_s)
    hub.begin(PLACES, CHANNELS)
    hub.ready()
    return hub


def who(session: str = "ses-1") -> Person:
    return Person("u", "ann", "viewer", session)


class Tail:
    """Tells a hub numbered events of three places, as the tail's thread does."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.position = dict(PLACES)
        self.told: list[str] = []

    def tell(self, *which: int) -> None:
        records = []
        for each in which:
            (name, partition), topic = (
                list(PLACES)[each],
                NEWS_SCORED if not each else SIGNALS_GENERATED,
            )
            id_ = f"{'new' if not each else 'sig'}-{len(self.told)}"
            body = msgspec.structs.replace(NEWS if not each else SIGNAL, id=id_)
            offset = self.position[name, partition]
            self.position[name, partition] += 1
            self.told.append(id_)
            records.append((name, FollowedRecord(topic, partition, offset, 0, body)))
        self.hub.tell(records, self.position)


async def turn() -> None:
    """Let the loop take what was told before."""
    told = asyncio.Event()
    asyncio.get_running_loop().call_soon(told.set)
    await told.wait()


def drained(listener: Listener) -> list[dict[str, Any]]:
    """Take what waits for a listener."""
    texts = [*(event.text for event in listener._first), *listener._waiting]
    listener._first.clear()
    listener._waiting.clear()
    return [json.loads(text) for text in texts]


@given(
    st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=4), max_size=8),
    st.lists(st.integers(0, 8), min_size=1, max_size=3), st.sampled_from(["news", "signals"]),
)  # fmt: skip
def test_whoever_joins_hears_each_event_once(
    batches: list[list[int]], cuts: list[int], channel: Any
) -> None:
    """Between two batches they may leave and come back; some deliveries are under way then."""

    async def story() -> None:
        hub, cursor, found = hub_of(), "", list[str]()
        tail = Tail(hub)
        listener, welcome = hub.join(who(), (channel,), "")
        cursor = welcome["cursor"]
        telling = asyncio.create_task(asyncio.to_thread(tail.tell))
        for number, batch in enumerate(batches):
            await telling
            telling = asyncio.create_task(asyncio.to_thread(tail.tell, *batch))
            if number in cuts:
                await telling
            events = [e for e in drained(listener) if e["type"] == "event"]
            if events:
                cursor = events[-1]["cursor"]
                found += [e["data"]["id"] for e in events]
            hub.leave(listener)
            listener, welcome = hub.join(who(), (channel,), cursor)
            assert not welcome["gap"]
        await telling
        found += [e["data"]["id"] for e in drained(listener) if e["type"] == "event"]
        wanted = "new" if channel == "news" else "sig"
        assert found == [id_ for id_ in tail.told if id_.startswith(wanted)]

    asyncio.run(story())


def test_what_comes_at_once_makes_nobody_slow_who_takes_it() -> None:
    """More than a listener may have waiting, in one reading of the tail."""

    async def story() -> None:
        hub = hub_of()
        tail = Tail(hub)
        listener, _ = hub.join(who(), ("signals",), "")
        idle, _ = hub.join(who("ses-2"), ("signals",), "")
        found: list[str] = []

        async def take() -> None:
            while len(found) < 3_000 and (text := await listener.next()) is not None:
                found.append(json.loads(text)["data"]["id"])

        await asyncio.gather(take(), asyncio.to_thread(tail.tell, *[1] * 3_000))
        assert found == tail.told
        assert listener.closed is None
        assert idle.closed == (SLOW, "SLOW_CLIENT")

    asyncio.run(story())


def test_a_loop_that_is_gone_keeps_nobody_waiting() -> None:
    hub = hub_of()

    async def join() -> None:
        hub.join(who(), ("signals",), "")

    asyncio.run(join())
    tail = Tail(hub)
    tail.tell(*[1] * 300)
    hub.say("backtest", {})
    hub.end_session("ses-1")
    assert len(tail.told) == 300


def test_nobody_joins_before_the_topics_are_read() -> None:
    async def story() -> None:
        hub = Hub("run", lambda: NOON, everybody)
        for begun in (False, True):
            with pytest.raises(NotReady):
                hub.join(who(), (), "")
            if not begun:
                hub.begin(PLACES, CHANNELS)
        hub.ready()
        hub.join(who(), (), "")

    asyncio.run(story())


def test_one_sign_in_has_so_many_sockets_and_others_their_own() -> None:
    async def story() -> None:
        hub = hub_of()
        held = [hub.join(who(), (), "")[0] for _ in range(MOST_OF_ONE)]
        with pytest.raises(Full):
            hub.join(who(), (), "")
        hub.join(who("ses-2"), (), "")
        hub.leave(held[0])
        hub.join(who(), (), "")

    asyncio.run(story())


def test_a_tail_that_begins_again_sends_everybody_away() -> None:
    async def story() -> None:
        hub = hub_of()
        listener, _ = hub.join(who(), ("news",), "")
        hub.begin(PLACES, CHANNELS)
        assert await listener.over() == (AWAY, "BROKER_AWAY")
        with pytest.raises(NotReady):
            hub.join(who(), (), "")

    asyncio.run(story())


def test_a_heartbeat_tells_the_time_and_ends_what_is_over() -> None:
    answers: list[Any] = [psycopg.OperationalError(), everybody, lambda _: set()]

    def alive(sessions: Collection[str]) -> set[str]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        found: set[str] = answer(sessions)
        return found

    async def story() -> None:
        hub = hub_of(alive, heartbeat_s=0.001)
        listener, welcome = hub.join(who(), (), "")
        beats = 0
        while (text := await listener.next()) is not None:
            assert json.loads(text) == {
                "type": "heartbeat", "at": "2026-05-04T12:00:00Z", "cursor": welcome["cursor"],
            }  # fmt: skip
            beats += 1
        assert beats >= 2  # a database that is away ends nobody's session
        assert listener.closed == (SESSION_OVER, "SESSION_ENDED")
        hub.leave(listener)

    asyncio.run(story())


def test_a_heartbeat_s_cursor_is_behind_what_was_told_and_no_farther() -> None:
    """While much is told at once, and over records that are nobody's news."""

    async def story() -> None:
        hub = hub_of(heartbeat_s=0.0)
        tail = Tail(hub)
        listener, _ = hub.join(who(), ("signals",), "")
        told, beats, history = 0, 0, hub._history
        channels: Any = ("signals",)
        assert history is not None

        async def take() -> None:
            nonlocal told, beats
            while told < 900:
                message = json.loads(await listener.next() or "")
                if message["type"] == "event":
                    told += 1
                    continue
                beats += 1
                missed = history.since(message["cursor"], channels)
                assert [m.event.number for m in missed[:1]] in ([], [told + 1])

        await asyncio.gather(take(), asyncio.to_thread(tail.tell, *[1, 2] * 450))
        assert beats
        tail.position["x.news.scored", 0] += 7
        await asyncio.to_thread(tail.tell)
        await turn()
        assert listener.cursor == history.cursor
        hub.leave(listener)

    asyncio.run(story())


def test_a_job_is_told_on_its_channel_alone() -> None:
    async def story() -> None:
        hub = hub_of()
        hub.say("backtest", {"id": "too early"})  # nobody listens yet
        one, _ = hub.join(who(), ("backtests",), "")
        other, _ = hub.join(who("ses-2"), ("news",), "")
        hub.say("backtest", {"id": "job-1"})
        await turn()
        assert [event["data"] for event in drained(one)] == [{"id": "job-1"}]
        assert drained(other) == []

    asyncio.run(story())
