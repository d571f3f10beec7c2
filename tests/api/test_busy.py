"""A busy API: slow answers hold threads, never the loop; every request is counted."""

import asyncio
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from connectors.telemetry import REQUEST_SECONDS
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, as_api, served
from tests.api.wire import listening
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
MANY = 60  # more than there are threads
TURNS = 300  # of the loop, ten milliseconds apart: three seconds of it


class Lag:
    """The longest that a loop kept a timer of ten milliseconds waiting."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None) -> None:
        assert loop is not None
        self._loop, self.longest, self.turns = loop, 0.0, 0

    def __enter__(self) -> "Lag":
        self._on = True
        self._loop.call_soon_threadsafe(self._turn, self._loop.time())
        return self

    def __exit__(self, *_: object) -> None:
        self._on = False

    def _turn(self, wanted: float) -> None:
        self.longest = max(self.longest, self._loop.time() - wanted)
        self.turns += 1
        if self._on:
            after = self._loop.time() + 0.01
            self._loop.call_at(after, self._turn, after)


def test_health_and_system_answer_while_every_thread_waits(
    web: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, waiting = threading.Event(), list[int]()

    def text(_value: Any) -> str:
        waiting.append(1)
        assert gate.wait(120)
        return ""

    monkeypatch.setattr("api.routes.controls._text", text)
    headers = web.bearer("viewer")

    def ask(_n: int) -> int:
        return httpx.get(
            f"{web.origin.public}/api/limits", headers=headers, timeout=120
        ).status_code

    listening(web, "signals")  # the loop is known from the first listener on
    with ThreadPoolExecutor(MANY) as pool, Lag(web.api.live._loop) as lag:
        answers = [pool.submit(ask, n) for n in range(MANY)]
        try:
            eventually(lambda: len(waiting) >= 40)
            held = time.monotonic()
            assert web.client.get("/health", timeout=60).json() == {"status": "ok"}
            assert web.get("/api/system").json()["run"] == web.api.run.run_id
            assert not any(answer.done() for answer in answers)
            eventually(lambda: lag.turns >= TURNS)
            # Had a handler held the loop, it would have stood still until the gate was opened.
            assert lag.longest < time.monotonic() - held
        finally:
            gate.set()
        assert {answer.result() for answer in answers} == {200}


def test_a_database_that_hangs_is_an_alert_and_holds_the_system_page_up_for_nobody(
    services: Services, played_day: Demo, tmp_path: Path
) -> None:
    """It takes connections and says nothing, as one does whose processes were stopped."""
    with socket.create_server(("127.0.0.1", 0)) as hung:
        url = f"postgresql://tidewire@127.0.0.1:{hung.getsockname()[1]}/tidewire"
        run = replace(played_day.run, directory=str(tmp_path), database_url=url)
        with served(run, as_api(services, run)) as web, ThreadPoolExecutor(MANY) as pool:
            headers = web.bearer("viewer")
            away = [pool.submit(httpx.get, f"{web.origin.public}/api/portfolio", headers=headers,
                                timeout=120) for _ in range(MANY)]  # fmt: skip
            found = eventually(lambda: [
                a for a in web.get("/api/system").json()["alerts"] if a["code"] == "DATABASE_AWAY"
            ])  # fmt: skip
            assert (found[0]["severity"], found[0]["about"]) == ("critical", "database")
            assert {each.result().json()["code"] for each in away} == {"DATABASE_AWAY"}


def test_a_database_that_answers_is_no_alert(web: Served) -> None:
    eventually(web.api.tailing)
    assert web.api.stored()
    assert web.get("/api/system").json()["alerts"] == []


def test_each_request_is_counted_by_route_and_status(
    web: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[object, ...]] = []

    def record(seconds: float, attributes: dict[str, object]) -> None:
        assert seconds > 0
        told.append((attributes["method"], attributes["route"], attributes["status"]))

    monkeypatch.setattr(REQUEST_SECONDS, "record", record)
    web.get("/api/trades/exe-0")
    web.client.get("/health")
    web.client.get("/api/portfolio")
    assert told == [
        ("GET", "/api/trades/{id}", 404), ("GET", "/health", 200), ("GET", "/api/portfolio", 401),
    ]  # fmt: skip


def test_what_takes_the_database_too_long_is_said_as_that(
    web: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(connection: Any, *_: Any) -> Any:
        connection.execute("SET LOCAL statement_timeout = 50")
        connection.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr("api.routes.portfolio.account_of", slow)
    answer = web.get("/api/portfolio")
    assert (answer.status_code, answer.json()["code"]) == (503, "TOO_SLOW")
    assert answer.headers["retry-after"] == "10"
    monkeypatch.undo()
    assert web.get("/api/portfolio").status_code == 200
