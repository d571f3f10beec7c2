"""The run told on /ws: what is heard, and coming back without gap or double."""

import socket as sockets
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import msgspec
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api import live_socket
from api.live import tail
from connectors.kafka.access import Access
from connectors.kafka.headers import RUN, STAMP, TICK_PASS, RecordHeaders
from connectors.kafka.layout import Layout
from messages.base import Message
from messages.codec import encode
from messages.control import DeadLetter, FlowHealth
from messages.learning import WeightChange
from messages.topics import (
    NEWS_SCORED,
    RUNS_STARTED,
    SIGNALS_GENERATED,
    STRATEGY_WEIGHTS,
    SYSTEM_EVENTS,
    TRADES_EXECUTED,
)
from messages.trading import TradeExecution
from messages.units import to_datetime, to_money
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, served
from tests.api.wire import Hand, closed, events, hear, listening, opened, say, ticket
from tests.streams import OPEN, scored, signal, weight
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def hand(services: Services) -> Hand:
    """Return a writer of a run of its own."""
    run = uuid.uuid4().hex[:8]
    return Hand(Layout(services.access, run, f"test-{run}.", 2))


@pytest.fixture(scope="module")
def standing(hand: Hand, played_day: Demo) -> Iterator[Served]:
    """Serve that run, and stories of the played day."""
    with served(played_day.run, hand.layout) as found:
        eventually(lambda: found.api.live._ready)
        yield found


@pytest.fixture
def live(standing: Served) -> Served:
    """Give it with nobody listening."""
    hub = standing.api.live
    eventually(lambda: not hub._listeners)
    standing.client.cookies.clear()
    standing.forget_calls()
    hub._heartbeat_s = 10.0
    return standing


def signals(*minutes: int) -> list[Message]:
    return [signal(minute, "AAA", "LONG").body for minute in minutes]  # type: ignore[misc]


def ids(heard: list[dict[str, Any]]) -> list[str]:
    return [event["data"]["id"] for event in heard]


def test_a_listener_hears_its_channels_and_no_others(live: Served, hand: Hand) -> None:
    socket, welcome = listening(live, "trades", "signals")
    assert (welcome["type"], welcome["channels"]) == ("welcome", ["signals", "trades"])
    assert (welcome["missed"], welcome["gap"]) == (0, False)
    fill = TradeExecution(
        id="exe-1", event_time=to_datetime(OPEN), account="paper", trade_id="trd-1",
        order_id="ord-1", execution_id="x", ticker="AAA", side="BUY", qty=3, price=12.5,
        commission=to_money(35), status="FILLED", timestamp=to_datetime(OPEN + 1),
        decision_price=12.4999, causes=("ord-1",),
    )  # fmt: skip
    hand.write(NEWS_SCORED, [scored(1, "AAA", 0.5).body])  # type: ignore[list-item]
    hand.write(TRADES_EXECUTED, [fill])
    [heard] = events(socket, 1)
    assert (heard["channel"], heard["kind"]) == ("trades", "trades.executed")
    assert heard["data"] == {
        "id": "exe-1", "at": "2025-03-12T13:30:00Z", "account": "paper", "trade_id": "trd-1",
        "order_id": "ord-1", "execution_id": "x", "signal_id": "", "ticker": "AAA", "side": "BUY",
        "qty": 3, "price": "12.5000", "commission": "0.0035", "status": "FILLED", "pnl": None,
        "timestamp": "2025-03-12T13:30:00.000001Z", "decision_price": "12.4999", "high": None,
        "low": None,
    }  # fmt: skip
    say(socket, type="subscribe", channels=["news"])
    assert hear(socket) == {"type": "subscribed", "channels": ["news"]}
    hand.write(SIGNALS_GENERATED, signals(1))
    hand.write(NEWS_SCORED, [scored(2, "AAA", -0.5).body])  # type: ignore[list-item]
    [heard] = events(socket, 1)
    assert (heard["kind"], heard["data"]["sentiment_score"]) == ("news.scored", -0.5)
    socket.close()


def test_repeats_ticks_and_strangers_are_nobody_s_news(live: Served, hand: Hand) -> None:
    socket, _ = listening(live, "signals", "system")
    ours, theirs = RecordHeaders(hand.layout.run_id), RecordHeaders("another")
    one, two = signals(1, 2)
    first, second = hand.seq(SIGNALS_GENERATED), hand.seq(SIGNALS_GENERATED)
    again = ours(1, first, one.id)
    for headers in (again, again, theirs(1, second, one.id), None):
        hand.put(SIGNALS_GENERATED, encode(one), headers)
    hand.put(SIGNALS_GENERATED, b"", ours.tick(6, TICK_PASS))
    hand.put(SIGNALS_GENERATED, encode(two), ours(1, second, two.id))
    hand.flush()
    assert ids(events(socket, 2)) == [one.id, two.id]
    change: Any = weight(1, "momentum", 0.4).body
    assert isinstance(change, WeightChange)
    for partition in range(hand.layout.partitions):  # every partition gets a copy
        hand.write(STRATEGY_WEIGHTS, [change], partition)
    letter = DeadLetter(
        id="dlq-1", event_time=to_datetime(OPEN), reason="MALFORMED", detail="", topic="x",
        partition=0, offset=1, payload=b"secret", size=6,
    )  # fmt: skip
    hand.write(RUNS_STARTED.dead_letters, [letter])
    health = FlowHealth(
        id="hea-1", event_time=to_datetime(OPEN), flow="trade", state="running", lag=0, clock=None,
        clock_age_s=None, epoch_age_s=None, restarts=0,
    )  # fmt: skip
    # Telemetry is not counted; the run's name alone makes it the run's.
    for name in (b"another", hand.layout.run_id.encode()):
        hand.put(SYSTEM_EVENTS, encode(health), [(STAMP, b"1"), (RUN, name)])
    hand.flush()
    heard = events(socket, 3)
    assert sorted(ids(heard)) == sorted([change.id, "dlq-1", "hea-1"])
    assert not any("payload" in event["data"] for event in heard)
    socket.close()


def test_more_at_once_than_may_wait_is_heard_by_who_reads(live: Served, hand: Hand) -> None:
    """As after an outage, or in a day that is played as fast as it goes."""
    socket, _ = listening(live, "signals")
    many: list[Any] = [msgspec.structs.replace(b, id=f"sig-{n}") for n, b in
                       enumerate(signals(1) * 3_000)]  # fmt: skip
    hand.write(SIGNALS_GENERATED, many)
    assert ids(events(socket, 3_000)) == [body.id for body in many]
    socket.close()


def test_who_comes_back_hears_what_was_missed_once(live: Served, hand: Hand) -> None:
    socket, _ = listening(live, "signals")
    hand.write(SIGNALS_GENERATED, signals(1, 2, 3), 0)
    hand.write(SIGNALS_GENERATED, signals(4), 1)
    heard = events(socket, 4)
    for at in (1, 2, 3, 4):  # wherever the line was cut
        socket.close()
        socket, welcome = listening(live, "signals", cursor=heard[at - 1]["cursor"])
        assert (welcome["missed"], welcome["gap"]) == (4 - at, False)
        assert ids(events(socket, 4 - at)) == ids(heard[at:])
    hand.write(SIGNALS_GENERATED, signals(5), 1)
    assert ids(events(socket, 1)) == [signals(5)[0].id]
    socket.close()


def test_a_new_process_knows_the_old_one_s_cursors(
    hand: Hand, played_day: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "BEFORE", 5)
    with served(played_day.run, hand.layout) as web:
        eventually(lambda: web.api.live._ready)
        socket, welcome = listening(web, "signals")
        hand.write(SIGNALS_GENERATED, signals(*range(1, 8)))
        heard = events(socket, 7)
        socket.close()
    hand.write(SIGNALS_GENERATED, signals(8))
    with served(played_day.run, hand.layout) as web:
        eventually(lambda: web.api.live._ready)
        socket, again = listening(web, "signals", cursor=heard[4]["cursor"])
        assert (again["missed"], again["gap"]) == (3, False)
        assert ids(events(socket, 3)) == [*ids(heard[5:]), signals(8)[0].id]
        socket.close()
        # Of what is before the last five nothing is known any more: reload, it says.
        for cursor in (welcome["cursor"], heard[1]["cursor"]):
            socket, again = listening(web, "signals", cursor=cursor)
            assert (again["missed"], again["gap"]) == (0, True)
            hand.write(SIGNALS_GENERATED, signals(9))
            assert ids(events(socket, 1)) == [signals(9)[0].id]
            socket.close()


def test_heartbeats_carry_a_cursor(live: Served, hand: Hand) -> None:
    live.api.live._heartbeat_s = 0.1
    socket, welcome = listening(live, "signals")
    ours = RecordHeaders(hand.layout.run_id)
    hand.put(SIGNALS_GENERATED, b"", ours.tick(6, TICK_PASS))
    hand.flush()

    def moved() -> bool:
        message = hear(socket)
        assert (message["type"], message["at"]) == ("heartbeat", "2026-05-04T12:00:00Z")
        found: bool = message["cursor"] != welcome["cursor"]
        return found

    eventually(moved)
    socket.close()


@pytest.mark.parametrize("cursor", ["x", "AAAA", "////", "A" * 3_000, "AAAAAAAAAAAAAAAA"])
def test_a_cursor_that_is_none(live: Served, cursor: str) -> None:
    socket = opened(live)
    say(socket, type="hello", ticket=ticket(live), channels=[], cursor=cursor)
    assert closed(socket) == (4400, "CURSOR_INVALID")


def test_a_ticket_is_good_once_and_for_half_a_minute(live: Served) -> None:
    once = ticket(live)
    socket = opened(live)
    say(socket, type="hello", ticket=once, channels=["news"])
    assert hear(socket)["type"] == "welcome"
    old = ticket(live)
    live.clock.pass_(seconds=31)
    for given in (once, old, "", "no ticket", live.token()):
        other = opened(live)
        say(other, type="hello", ticket=given, channels=["news"])
        assert closed(other) == (4401, "TICKET_REFUSED")
    socket.close()


def test_whoever_says_nothing_is_sent_away(live: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_socket, "HELLO_S", 0.2)
    assert closed(opened(live)) == (4408, "NO_HELLO")


@pytest.mark.parametrize(
    "first",
    ["", "hello", "[]", "{}", '{"type": "subscribe", "channels": []}', b"\x00\x01", '{"type": 1}',
     '{"type": "hello", "ticket": "x", "channels": ["everything"]}', "[" * 5_000,
     '{"type": ' + "[" * 8_000, '{"type": ' + '{"a": ' * 1_200,
     '{"type": "hello", "ticket": "x", "channels": [], "run": "other"}'],
)  # fmt: skip
def test_a_first_message_that_is_no_hello(live: Served, first: str | bytes) -> None:
    socket = opened(live)
    socket.send(first)
    assert closed(socket)[0] == 4400


@pytest.mark.parametrize(
    "then", ["", "x" * 10_000, b"\x00", '{"type": "halt"}', '{"type": ' + "[" * 8_000]
)
def test_a_message_that_is_none(live: Served, then: str | bytes) -> None:
    socket, _ = listening(live, "news")
    socket.send(then)
    assert closed(socket)[0] == 4400


def test_ten_megabytes_are_not_read(live: Served) -> None:
    socket, _ = listening(live, "news")
    with suppress(ConnectionClosed):  # while it is still sent, or after
        socket.send("x" * 10_000_000)
    assert closed(socket)[0] in (0, 1009)
    eventually(lambda: not live.api.live._listeners)


def test_a_flood_is_ended(live: Served) -> None:
    socket, _ = listening(live, "news")
    for _ in range(21):
        say(socket, type="subscribe", channels=["news"])
    assert closed(socket) == (4429, "FLOOD")


def test_who_reads_too_slowly_is_sent_away_and_others_hear_all(live: Served, hand: Hand) -> None:
    narrow = sockets.create_connection(("localhost", live.origin.port))
    narrow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 65_536)
    slow = opened(live, sock=narrow, max_queue=1)
    say(slow, type="hello", ticket=ticket(live), channels=["news"])
    assert hear(slow)["type"] == "welcome"
    good, _ = listening(live, "news")
    long: Any = scored(1, "AAA", 0.5).body
    written = 0

    def sent_away() -> bool:
        nonlocal written
        body = [replace_text(long, written + n) for n in range(200)]
        hand.write(NEWS_SCORED, body)
        written += 200
        events(good, 200)
        return any(each.closed for each in live.api.live._listeners)

    eventually(sent_away)
    assert closed(slow) == (4413, "SLOW_CLIENT")
    hand.write(NEWS_SCORED, [replace_text(long, written)])
    assert ids(events(good, 1)) == [f"sco-{written}"]
    good.close()


def replace_text(body: Any, number: int) -> Any:
    return msgspec.structs.replace(body, id=f"sco-{number}", reasoning="x" * 20_000)


def test_logout_and_the_end_of_a_session_close_its_sockets(live: Served) -> None:
    token = live.sign_in()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    mine, _ = listening(live, "news", headers=bearer)
    other, _ = listening(live, "news")
    assert live.client.post("/auth/logout", json={}, headers=live.ours).status_code == 204
    assert closed(mine) == (4403, "SESSION_ENDED")
    # A session that another process ends is noticed with a heartbeat.
    live.api.live._heartbeat_s = 0.1
    third, _ = listening(live, "news")
    eventually(lambda: len(live.api.live._listeners) == 2)
    live.api.access.sessions._ends.clear()  # type: ignore[attr-defined]
    assert closed(other) == (4403, "SESSION_ENDED")
    assert closed(third) == (4403, "SESSION_ENDED")
    late = live.client.post("/api/ws-ticket", json={}, headers=bearer)
    assert (late.status_code, late.json()["code"]) == (401, "SESSION_ENDED")


def test_one_session_has_sixteen_sockets_at_most(live: Served) -> None:
    bearer = live.bearer("viewer")
    held = [listening(live, "news", headers=bearer)[0] for _ in range(16)]
    more = opened(live)
    say(more, type="hello", ticket=ticket(live, bearer), channels=["news"])
    assert closed(more) == (4429, "TOO_MANY_SOCKETS")
    for socket in held:
        socket.close()
    eventually(lambda: not live.api.live._listeners)


def test_foreign_pages_and_hosts_open_no_socket(live: Served) -> None:
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{live.origin.port}"):
        with pytest.raises(InvalidStatus) as told:
            opened(live, origin=origin)
        assert told.value.response.status_code == 403
    with pytest.raises(InvalidStatus) as told:
        opened(live, additional_headers={"Host": "evil.example"})
    assert told.value.response.status_code in (400, 421)
    opened(live, origin=None).close()  # a program


def test_a_database_that_is_away_lets_nobody_in_and_says_so(
    live: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise psycopg.OperationalError

    given = ticket(live)
    monkeypatch.setattr(type(live.api.access.tokens), "must_live", away)
    socket = opened(live)
    say(socket, type="hello", ticket=given, channels=["news"])
    assert closed(socket) == (4503, "DATABASE_AWAY")


def test_a_flood_of_connections_is_turned_away(
    live: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_socket, "CONNECTS", 1)
    opened(live).close()
    with pytest.raises(InvalidStatus) as told:
        opened(live)
    assert told.value.response.status_code == 429
    assert int(told.value.response.headers["retry-after"]) > 0
    live.forget_calls()
    monkeypatch.setattr(live_socket, "WAITING", 0)
    with pytest.raises(InvalidStatus) as told:
        opened(live)
    assert told.value.response.status_code == 503


def test_without_a_broker_nobody_listens_and_readiness_says_so(played_day: Demo) -> None:
    layout = replace(played_day.run.layout, access=Access("127.0.0.1:9"))
    with served(played_day.run, layout) as web:
        ready = web.client.get("/ready")
        assert (ready.status_code, ready.json()["code"]) == (503, "BROKER_AWAY")
        socket = opened(web)
        say(socket, type="hello", ticket=ticket(web), channels=["news"])
        assert closed(socket) == (4503, "BROKER_AWAY")
