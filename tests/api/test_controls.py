"""Controls over HTTP: a paced day is paused, traded on and flattened; what is away is said."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import psycopg
import pytest

from api.routes.sign_in import DEMO_NAME
from connectors.kafka.access import Access
from messages.topics import SIGNALS_GENERATED
from stack.runtime.demo import Demo
from stack.runtime.presence import appear, vanish
from stack.servers.services import Services
from tests.api.served import Served, as_api, served
from tests.api.shell_session import alike, files_of, run, steps_of
from tests.api.wire import Hand, events, listening
from tests.conftest import services_of
from tests.harness import MidRun, options, play, proofs
from tests.streams import signal
from tests.waiting import eventually

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BARS = 60
pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]


class Trader:
    """Somebody with a token and a key for each thing they do.

    The market waits for their next look every `BARS` bars, so that no day is over before they are
    through, however busy the machine.
    """

    def __init__(self, web: Served, reader: "Reader", access: Access) -> None:
        self.web = web
        self.reader = reader
        self.mid_run, self.bars = MidRun(access, BARS), BARS
        self.headers = web.bearer("trader", "ann")
        self.owner = web.bearer("owner", "bob")
        self.taken: dict[str, str] = {}
        self.steps = self.story()
        self.looked = 0.0
        self.began = ""
        self.through = False

    def __call__(self, demo: Demo) -> None:
        # Now and then: more than ten looks a second are too many for the API.
        if self.through or not self.mid_run(demo) or time.monotonic() - self.looked < 0.3:
            return
        self.looked = time.monotonic()
        self.through = next(self.steps, "through") is not None
        self.bars += BARS
        self.mid_run.go_on(demo, None if self.through else self.bars)

    def ask(self, path: str, name: str, body: dict[str, Any] | None = None) -> None:
        headers = {**self.headers, "Idempotency-Key": name}
        answer = self.web.client.post(f"/api/controls/{path}", json=body or {}, headers=headers)
        assert answer.status_code == 202, answer.text
        self.taken[name] = answer.json()["command"]

    def state(self) -> dict[str, Any]:
        def asked() -> httpx.Response | None:
            answer = self.web.get("/api/controls/status")
            return (
                None if answer.status_code == 503 else answer
            )  # a busy machine: as it says, again

        answer = eventually(asked)
        assert answer is not None
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def story(self) -> Iterator[None]:
        while not self.state()["closes"]:
            yield
        while not (self.web.api.live._ready and self.web.api.tailing()):
            yield
        self.reader.start()
        while not self.reader.through:
            yield
        history = self.web.api.live._history
        assert history is not None
        self.began = history.cursor
        self.ask("pause", "p", {"why": "lunch"})
        again = {**self.headers, "Idempotency-Key": "p"}
        body = {"why": "lunch"}
        same = self.web.client.post("/api/controls/pause", json=body, headers=again)
        assert same.json()["command"] == self.taken["p"]
        other = self.web.client.post("/api/controls/pause", json={}, headers=again)
        assert (other.status_code, other.json()["code"]) == (422, "KEY_REUSED")
        while self.state()["state"] != "PAUSED":
            yield
        assert (self.state()["who"], self.state()["why"]) == ("ann", "lunch")
        self.ask("resume", "r")
        switch = {**self.owner, "Idempotency-Key": "s"}
        path = "/api/strategies/momentum"
        wanted = {"active": False, "why": "noise"}
        off = self.web.client.patch(path, json=wanted, headers=switch)
        assert off.status_code == 202
        self.taken["s"] = off.json()["command"]
        while self.state()["state"] != "ACTIVE" or not self.state()["closes"]:
            yield
        self.ask("close-position", "c", {"ticker": self.state()["closes"][0]["ticker"]})
        self.ask("flatten", "f")
        while (self.state()["state"], self.state()["flatten_proceeds"]) != ("HALTED", "0.0000"):
            yield  # what one moment brought about may be stored one table after the other
        self.ask("resume", "again")


class Reader:
    """Somebody who does what docs/api.md says, beside everything else."""

    def __init__(self, web: Served, services: Services, place: Path) -> None:
        self.printed: list[str] = []
        page = PAGE.read_text()
        self.steps = [
            step._replace(command=step.command.replace("8420", str(web.origin.port)))
            for step in steps_of(page)
        ]
        for name, text in files_of(page).items():
            (place / name).write_text(text)
        bin_ = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": bin_, "TIDEWIRE_HOME": str(services.home.path)}
        self._thread = Thread(target=self._read, args=(place, environment), daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def through(self) -> bool:
        return not self._thread.is_alive()

    def _read(self, place: Path, environment: dict[str, str]) -> None:
        self.printed.extend(run(self.steps, place, environment))


def test_a_day_with_somebody_at_the_api(services: Services, tmp_path: Path) -> None:
    came: list[Trader] = []
    with ExitStack() as stack:

        def begin(demo: Demo) -> None:
            web = stack.enter_context(served(demo.run, as_api(services, demo.run)))
            appear(services.home, demo.run, services, origin=web.origin.public)
            stack.callback(vanish, services.home)
            came.append(Trader(web, Reader(web, services, tmp_path), services.access))

        demo, summary = play(
            services, options(pace=150), before=begin, meddle=lambda d: came[0](d)
        )  # fmt: skip
        [trader] = came
        reader = trader.reader
        wrong = [
            (step, printed)
            for step, printed in zip(reader.steps, reader.printed, strict=False)
            if not alike(step.printed, printed)
        ]
        assert wrong == []
        assert len(reader.printed) == len(reader.steps)
        assert "again" in trader.taken
        assert summary["accounted"], summary.get("first_unaccounted")
        assert summary["rows"]["trading_states"] == 7
        assert summary["rows"]["commands"] == 8
        assert proofs(demo)
        _each_command_was_told(trader)
        trader.web.flows.update(trade="ended")
        headers = {**trader.headers, "Idempotency-Key": "late"}
        late = trader.web.client.post("/api/controls/halt", json={}, headers=headers)
        assert (late.status_code, late.json()["code"]) == (409, "RUN_ENDED")
    with psycopg.connect(demo.run.database_url) as connection:
        connection.execute(f"SET search_path TO {demo.run.schema}".encode())
        found = {row[0]: row[1] for row in connection.execute("SELECT id, who FROM commands")}
    by_reader = [id_ for id_, who in found.items() if who == DEMO_NAME]
    assert len(by_reader) == 2
    taken = {id_: "bob" if name == "s" else "ann" for name, id_ in trader.taken.items()}
    assert found == {**taken, **dict.fromkeys(by_reader, DEMO_NAME)}


def _each_command_was_told(trader: Trader) -> None:
    """By an event with its id: who wants to know what came of theirs listens for that."""
    web = trader.web
    socket, welcome = listening(web, "system", "trades", "portfolio", cursor=trader.began)
    assert not welcome["gap"]
    heard = events(socket, welcome["missed"])
    socket.close()
    told = {
        kind: {e["data"]["command_id"] for e in heard if e["kind"] == kind} - {""}
        for kind in ("control.accepted", "trading.states", "trade.decisions")
    }
    taken = trader.taken
    assert told["control.accepted"] >= set(taken.values())
    assert told["trading.states"] >= {taken[name] for name in ("p", "r", "f", "again")}
    assert told["trade.decisions"] == {taken["c"], taken["f"]}
    known = {s["id"]: s for s in web.get("/api/strategies").json()["strategies"]}
    momentum = known["momentum"]
    assert (momentum["active"], momentum["who"], momentum["why"]) == (False, "bob", "noise")
    assert momentum["since"] is not None
    assert known["news_driven"]["since"] is None


def test_a_control_without_a_key_is_none(web: Served) -> None:
    answer = web.client.post("/api/controls/halt", json={}, headers=web.bearer("trader"))
    assert (answer.status_code, answer.json()["code"]) == (400, "NO_IDEMPOTENCY_KEY")
    nobody = web.client.patch(
        "/api/strategies/nobody", json={"active": True},
        headers={**web.bearer("owner"), "Idempotency-Key": "x"},
    )  # fmt: skip
    assert (nobody.status_code, nobody.json()["code"]) == (404, "NO_SUCH_STRATEGY")


def test_a_database_that_is_away_is_said_and_comes_back(tmp_path: Path) -> None:
    with services_of(tmp_path / "home") as services:
        demo, _ = play(services, options(no_news=True))
        with served(demo.run, as_api(services, demo.run)) as web:
            eventually(lambda: web.client.get("/ready").status_code == 200)
            services.database.stop("immediate")
            for path in ("/ready", "/api/portfolio", "/api/trades"):
                away = web.get(path)
                assert (away.status_code, away.json()["code"]) == (503, "DATABASE_AWAY")
                assert away.headers["retry-after"] == "2"
            assert web.client.get("/health").status_code == 200
            services.database.start()
            eventually(lambda: web.client.get("/ready").status_code == 200)
            assert web.get("/api/portfolio").status_code == 200
            _comes_back_with_its_broker(services, web, demo)


def _comes_back_with_its_broker(services: Services, web: Served, demo: Demo) -> None:
    socket, _ = listening(web, "signals")
    services.broker.kill()
    eventually(lambda: not web.api.tailing())
    away = web.client.get("/ready")
    assert (away.status_code, away.json()["code"]) == (503, "BROKER_AWAY")
    assert away.headers["retry-after"] == "2"
    services.broker.start()
    eventually(lambda: web.client.get("/ready").status_code == 200)
    # What is appended then is heard on the same socket: nothing was lost, nobody was sent away.
    hand = Hand(demo.run.layout, begun=1_000_000)
    later: Any = signal(1, "AAA", "LONG").body
    hand.write(SIGNALS_GENERATED, [later])
    assert [event["data"]["id"] for event in events(socket, 1)] == [later.id]
    socket.close()


def test_a_broker_that_is_away_is_said(services: Services, played_day: Demo) -> None:
    run = played_day.run
    with served(run, replace(as_api(services, run), access=Access("127.0.0.1:9"))) as web:
        headers = {**web.bearer("trader"), "Idempotency-Key": "x"}
        answer = web.client.post("/api/controls/halt", json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "BROKER_AWAY")
        assert web.get("/api/portfolio").status_code == 200
