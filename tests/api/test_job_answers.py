"""What the API answers of jobs that wait, fail, outlive a restart or belong to another process."""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from api.build import KEYS
from api.jobs.jobs import WAITING
from api.jobs.tasks import Start
from connectors.runs import Run
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.api.served import Served, as_api, served
from tests.api.sleepers import Sleepers
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
BACKTEST, PROOF = "/api/backtest", "/api/replay/verify"
LISTS = ("/trades", "/equity")


class Place:
    """Serves the played day with a directory of its own, so that its jobs are the test's."""

    def __init__(self, services: Services, run: Run) -> None:
        self._services, self.run = services, run

    def api(self, start: Start) -> AbstractContextManager[Served]:
        return served(self.run, as_api(self._services, self.run), start)


@pytest.fixture
def place(services: Services, played_day: Demo, tmp_path: Path) -> Place:
    return Place(services, replace(played_day.run, directory=str(tmp_path)))


@pytest.fixture
def busy(place: Place) -> Iterator[Served]:
    """Serve an API whose jobs never end by themselves."""
    with place.api(Sleepers()) as web:
        yield web


def ask(web: Served, path: str = "/api/backtest/run", key: str = "", **changes: Any) -> Any:
    day = web.get(BACKTEST).json()["days"][-1]
    body = {"day": day} if path == PROOF else {"first": day, "last": day}
    headers = {**web.bearer("trader", "ann"), "Idempotency-Key": key or uuid.uuid4().hex}
    return web.client.post(path, json={**body, **changes}, headers=headers)


def id_of(answer: Any) -> str:
    assert answer.status_code == 202, answer.text
    found: str = answer.json()["run_id"]
    return found


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_what_has_not_finished_has_no_lists(busy: Served) -> None:
    running, queued = id_of(ask(busy)), id_of(ask(busy))
    eventually(lambda: busy.get(f"{BACKTEST}/{running}").json()["status"] == "running")
    for id_, word in ((running, "running"), (queued, "queued")):
        for path in LISTS:
            answer = busy.get(f"{BACKTEST}/{id_}{path}")
            assert said(answer) == (409, "NOT_FINISHED")
            assert answer.json()["detail"] == f"It is {word}: ask again when it has finished."
    assert busy.client.delete(
        f"{BACKTEST}/{queued}", headers=busy.bearer("trader")
    ).json()["status"] == "cancelled"  # fmt: skip
    answer = busy.get(f"{BACKTEST}/{queued}/trades")
    assert said(answer) == (409, "NOT_FINISHED")
    assert "ask again with a new Idempotency-Key" in answer.json()["detail"]


def test_proofs_are_listed_ended_and_no_backtests(busy: Served) -> None:
    assert busy.get(PROOF).json()["verifications"] == []
    first, second = id_of(ask(busy, PROOF)), id_of(ask(busy, PROOF))
    id_of(ask(busy))
    listed = busy.get(PROOF).json()
    assert [v["run_id"] for v in listed["verifications"]] in ([first, second], [second, first])
    assert listed["days"] == busy.get(BACKTEST).json()["days"]
    assert len(busy.get(PROOF, params={"limit": 1}).json()["verifications"]) == 1
    for path in ("", *LISTS):
        assert said(busy.get(f"{BACKTEST}/{first}{path}")) == (404, "NO_SUCH_RUN")
    trader = busy.bearer("trader")
    for id_ in (second, first, first):  # what is over stays as it is
        ended = busy.client.delete(f"{PROOF}/{id_}", headers=trader)
        assert (ended.status_code, ended.json()["status"]) == (200, "cancelled")
        assert ended.json()["proved"] is None
    [backtest] = busy.get(BACKTEST).json()["backtests"][:1]
    wrong = busy.client.delete(f"{PROOF}/{backtest['run_id']}", headers=trader)
    assert said(wrong) == (404, "NO_SUCH_RUN")
    weak = busy.client.delete(f"{PROOF}/{first}", headers=busy.bearer("viewer"))
    assert said(weak) == (403, "ROLE_TOO_WEAK")


def test_a_full_queue_says_so_and_what_to_do(busy: Served) -> None:
    for _ in range(WAITING + 1):
        id_of(ask(busy))
    answer = ask(busy)
    assert said(answer) == (429, "JOBS_FULL")
    assert answer.headers["retry-after"] == "30"
    assert answer.json()["detail"] == (
        "One runs and 8 wait: end one by DELETE, or try again in 30 s."
    )


def test_a_result_that_is_gone_is_no_empty_one(place: Place) -> None:
    with place.api(Sleepers('print(\'{"id": "bt-gone", "kept": true}\')')) as web:
        id_ = id_of(ask(web))
        path = f"{BACKTEST}/{id_}"
        eventually(lambda: web.get(path).json()["status"] == "failed")
        told = web.get(path).json()
        assert "the database no longer: ask again" in told["error"]
        assert told["figures"] is None
        listed = {b["run_id"]: b["status"] for b in web.get(BACKTEST).json()["backtests"]}
        assert listed[id_] == "failed"
        for each in LISTS:
            assert said(web.get(path + each)) == (404, "RESULT_GONE")


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_key_means_one_job_after_a_restart_too(place: Place, forgotten: bool) -> None:
    with place.api(Sleepers()) as web:
        id_ = id_of(ask(web, key="k"))
    if forgotten:  # by a disk that was full, or after its day
        (Path(place.run.directory) / KEYS).unlink()
    with place.api(Sleepers()) as web:
        other = ask(web, key="k", capital=5)
        assert said(other) == (422, "KEY_REUSED")
        assert "choose a new one" in other.json()["detail"]
        if not forgotten:
            assert id_of(ask(web, key="k")) == id_
        told = web.get(f"{BACKTEST}/{id_}").json()
        assert told["status"] == "failed"
        assert "ask again with a new Idempotency-Key" in told["error"]


def test_a_second_api_of_a_run_shows_its_jobs_and_takes_none(place: Place) -> None:
    with place.api(Sleepers()) as second_to_last:
        id_ = id_of(ask(second_to_last))
        path = f"{BACKTEST}/{id_}"
        eventually(lambda: second_to_last.get(path).json()["status"] == "running")
        with place.api(Sleepers()) as web:
            assert web.get(path).json()["status"] == "running"
            trader = web.bearer("trader")
            for answer in (ask(web), ask(web, PROOF), web.client.delete(path, headers=trader)):
                assert said(answer) == (409, "JOBS_ELSEWHERE")
                where = second_to_last.origin.public
                assert answer.json()["detail"].startswith(f"The API at {where} runs the jobs")
            assert second_to_last.get(path).json()["status"] == "running"
