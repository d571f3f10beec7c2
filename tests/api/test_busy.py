"""A busy API: slow answers hold threads, never the loop; every request is counted."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from connectors.telemetry import REQUEST_SECONDS
from tests.api.served import Served
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
MANY = 60  # more than there are threads


def test_health_answers_while_every_thread_waits(
    web: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, waiting = threading.Event(), list[int]()

    def flows() -> bool:
        waiting.append(1)
        assert gate.wait(120)
        return False

    monkeypatch.setattr(type(web.api), "ended", property(lambda _: flows()))
    headers = web.bearer("viewer")

    def ask(_n: int) -> int:
        return httpx.get(
            f"{web.origin.public}/api/system", headers=headers, timeout=120
        ).status_code

    with ThreadPoolExecutor(MANY) as pool:
        answers = [pool.submit(ask, n) for n in range(MANY)]
        try:
            eventually(lambda: len(waiting) >= 40)
            assert web.client.get("/health", timeout=60).json() == {"status": "ok"}
            assert not any(answer.done() for answer in answers)
        finally:
            gate.set()
        assert {answer.result() for answer in answers} == {200}


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
