"""Backtests and proofs over HTTP: real processes of the command line, watched, read and ended."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from msgspec.structs import replace as replace_struct

from api.jobs.job import Job
from api.jobs.jobs import RESTARTED, Jobs, JobsElsewhere, JobsFull
from api.jobs.tasks import BacktestTask, VerifyTask
from stack.jobs import arguments
from stack.runtime.demo import Demo
from stack.runtime.presence import appear, vanish
from stack.servers.services import Services
from tests.api.served import Served
from tests.api.sleepers import Sleepers
from tests.api.wire import hear, listening
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def ask(web: Served, path: str, body: dict[str, Any], key: str = "", **who: str) -> Any:
    headers = {
        **web.bearer(who.get("role", "trader"), "ann"),
        "Idempotency-Key": key or uuid.uuid4().hex,
    }
    return web.client.post(path, json=body, headers=headers)


def done(web: Served, path: str) -> dict[str, Any]:
    """Wait until a job is over."""
    found: dict[str, Any] = {}

    def over() -> bool:
        found.update(web.get(path).json())
        web.forget_calls()
        return found["status"] not in ("queued", "running")

    eventually(over, 120)
    return found


@pytest.fixture
def another(services: Services, played_day: Demo) -> Iterator[None]:
    """Say that another run of the home is up: a backtest asked of ours is none of its business."""
    run = replace_struct(played_day.run, schema="run_another")
    appear(services.home, run, services)
    yield
    vanish(services.home)


def day_of(web: Served) -> str:
    found: list[str] = web.get("/api/backtest").json()["days"]
    return found[-1]


@pytest.mark.usefixtures("another")
def test_a_backtest_is_run_watched_and_read(web: Served) -> None:
    day = day_of(web)
    socket, _ = listening(web, "backtests")
    body = {
        "first": day, "last": day, "capital": 50_000, "weights": {"momentum": 1.0},
        "learning": "fixed", "slippage_bps": 3, "commission": "none",
    }  # fmt: skip
    taken = ask(web, "/api/backtest/run", body, "key")
    assert taken.status_code == 202, taken.text
    assert ask(web, "/api/backtest/run", body, "key").json()["run_id"] == taken.json()["run_id"]
    path = f"/api/backtest/{taken.json()['run_id']}"
    found = done(web, path)
    assert (found["status"], found["error"], found["who"]) == ("finished", "", "ann")
    assert found["asked"] == body
    assert found["progress"]["done"] == found["progress"]["total"]
    figures = found["figures"]
    assert (figures["start_equity"], figures["commissions"]) == ("50000.0000", "0.0000")
    assert figures["weights"] == {"momentum": 1.0}
    assert figures["closed_trades"] > 0
    states = []
    while "finished" not in states:
        message = hear(socket)
        if message["type"] == "event":
            assert (message["channel"], message["data"]["id"]) == ("backtests", found["run_id"])
            states.append(message["data"]["status"])
    assert states[:2] == ["queued", "running"]
    socket.close()
    _is_read_by_page(web, path, figures)
    again = web.get(f"/api/backtest/{found['stored']}").json()
    assert (again["asked"], again["figures"]) == (body, figures)
    listed = web.get("/api/backtest").json()["backtests"]
    assert [each["run_id"] for each in listed if each["stored"] == found["stored"]] == [
        found["run_id"]
    ]
    # What is over stays as it is.
    late = web.client.delete(path, headers=web.bearer("trader"))
    assert (late.status_code, late.json()["status"]) == (200, "finished")


def _is_read_by_page(web: Served, path: str, figures: dict[str, Any]) -> None:
    trades: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = web.get(f"{path}/trades", params={"limit": 7, "cursor": cursor}).json()
        trades += page["trades"]
        cursor = page["cursor"]
    assert len(trades) == figures["closed_trades"]
    assert [t["closed"] for t in trades] == sorted(t["closed"] for t in trades)
    won = sum(float(t["pnl"]) for t in trades)
    assert won == pytest.approx(sum(float(v) for v in figures["attribution"].values()), abs=0.01)
    days = web.get(f"{path}/equity").json()
    assert days["points"][-1]["at"] == figures["last"]
    curve = web.get(f"{path}/equity", params={"of": "curve", "limit": 500}).json()["points"]
    assert curve[-1]["equity"] == figures["final_equity"]


def test_a_day_is_proved(web: Served, played_day: Demo) -> None:
    day = day_of(web)
    taken = ask(web, "/api/replay/verify", {"day": day})
    assert taken.status_code == 202, taken.text
    found = done(web, f"/api/replay/verify/{taken.json()['run_id']}")
    assert (found["status"], found["proved"], found["error"]) == ("finished", True, "")
    assert found["certificate"]["run"] == played_day.run.run_id
    assert len(found["certificate"]["proof"]) == 64
    wrong = web.get(f"/api/backtest/{found['run_id']}")
    assert (wrong.status_code, wrong.json()["code"]) == (404, "NO_SUCH_RUN")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"last": "2031-01-01"}, "NOT_ARCHIVED"),
        ({"first": "2031-01-01", "last": "2031-01-02"}, "NOT_ARCHIVED"),
        ({"first": "../../etc/passwd"}, "NOT_ALLOWED"),
        ({"first": "--help"}, "NOT_ALLOWED"),
        ({"last": "0001-01-01"}, "NOT_ALLOWED"),
        ({"weights": {"file.py:Class": 1}}, "NO_SUCH_STRATEGY"),
        ({"weights": {"momentum": 2}}, "NOT_ALLOWED"),
        ({"weights": {"momentum": 0}}, "NOT_ALLOWED"),
        ({"weights": {"momentum": "nan"}}, "NOT_ALLOWED"),
        ({"capital": 0}, "NOT_ALLOWED"),
        ({"slippage_bps": -1}, "NOT_ALLOWED"),
        ({"learning": "--json"}, "NOT_ALLOWED"),
        ({"bars": "/etc/passwd"}, "NOT_ALLOWED"),
        ({"strategy": "file.py:Class"}, "NOT_ALLOWED"),
    ],
)
def test_what_may_not_be_asked_for(web: Served, changes: dict[str, Any], code: str) -> None:
    day = day_of(web)
    answer = ask(web, "/api/backtest/run", {"first": day, "last": day, **changes})
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_whose_jobs_there_are(web: Served) -> None:
    day = day_of(web)
    viewer = ask(web, "/api/backtest/run", {"first": day, "last": day}, role="viewer")
    assert (viewer.status_code, viewer.json()["code"]) == (403, "ROLE_TOO_WEAK")
    for path in ("", "/trades", "/equity"):
        answer = web.get(f"/api/backtest/job-0{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NO_SUCH_RUN")
    gone = web.client.delete("/api/backtest/job-0", headers=web.bearer("trader"))
    assert gone.status_code == 404
    assert web.get("/api/replay/verify/job-0").status_code == 404


def test_a_task_is_a_command_line_of_values(played_day: Demo) -> None:
    run = played_day.run
    task = BacktestTask(first="2025-03-12", last="2025-03-13", weights={"momentum": 0.25})
    words = arguments(task, run)
    assert words[:4] == (
        "backtest", "--from-archive=2025-03-12..2025-03-13", f"--keep-in={run.directory}",
        "--weights=momentum=0.25",
    )  # fmt: skip
    assert arguments(VerifyTask(day="2025-03-12"), run)[:3] == (
        "replay", "--verify", "--day=2025-03-12",
    )  # fmt: skip


@pytest.fixture
def told() -> list[Any]:
    return []


def jobs_of(place: Path, start: Sleepers, told: list[Any]) -> Jobs:
    say = lambda kind, data: told.append((kind, data))  # noqa: E731
    return Jobs(place, start, say, lambda: NOW, "http://localhost:8420")


TASK = BacktestTask(first="2025-03-12", last="2025-03-12")


def test_one_runs_others_wait_and_each_can_be_ended(tmp_path: Path, told: list[Any]) -> None:
    start = Sleepers()
    jobs = jobs_of(tmp_path, start, told)
    ids = [f"job-{n}" for n in range(9)]
    for id_ in ids:
        jobs.ask(id_, TASK, "ann")
    assert jobs.ask("job-3", TASK, "bob").who == "ann"
    with pytest.raises(JobsFull):
        jobs.ask("job-9", TASK, "ann")
    eventually(lambda: len(start.processes) == 1)
    jobs.cancel("job-1")  # waits still
    jobs.cancel("job-0")  # runs
    eventually(lambda: len(start.processes) == 2)
    assert start.processes[0].wait(60) != 0
    states = {job.id: job.status for job in jobs.all()}
    assert states == {
        **dict.fromkeys(ids, "queued"), "job-0": "cancelled", "job-1": "cancelled",
        "job-2": "running",
    }  # fmt: skip
    jobs.close()
    assert not psutil.pid_exists(start.processes[1].pid) or start.processes[1].wait(60) != 0
    assert len(start.processes) == 2
    # A restart knows them, and that nothing goes on.
    again = jobs_of(tmp_path, start, told)
    assert {job.status for job in again.all()} == {"cancelled", "failed"}
    found = again.get("job-2")
    assert found is not None
    assert (found.error, found.finished_at) == (RESTARTED, NOW)
    again.close()


def test_one_process_works_on_a_run_s_jobs_and_another_shows_them(
    tmp_path: Path, told: list[Any]
) -> None:
    start = Sleepers()
    first = jobs_of(tmp_path, start, told)
    first.ask("job-0", TASK, "ann")
    eventually(lambda: len(start.processes) == 1)
    second = jobs_of(tmp_path, start, told)
    shown = second.get("job-0")
    assert shown is not None
    assert shown.status == "running"
    for asked in (lambda: second.ask("job-1", TASK, "bob"), lambda: second.cancel("job-0")):
        with pytest.raises(JobsElsewhere, match="http://localhost:8420"):
            asked()
    found = first.get("job-0")
    assert found is not None
    assert (found.status, found.error) == ("running", "")
    first.close()
    [known] = second.all()
    assert (known.status, known.error) == ("failed", RESTARTED)
    # Nobody works on them now: who is asked next does.
    assert second.ask("job-1", TASK, "bob").status == "queued"
    eventually(lambda: len(start.processes) == 2)
    second.close()


def test_what_ran_when_its_process_died_has_failed_for_who_takes_over(
    tmp_path: Path, told: list[Any]
) -> None:
    job = Job(id="job-0", task=TASK, who="ann", requested_at=NOW, status="running")
    (tmp_path / "job-0.json").write_bytes(msgspec.json.encode(job))
    jobs = jobs_of(tmp_path, Sleepers(), told)
    [known] = jobs.all()
    assert (known.status, known.error, known.finished_at) == ("failed", RESTARTED, NOW)
    assert "new Idempotency-Key" in known.error
    jobs.close()


def of_no_zone(id_: str) -> bytes:
    """Return a job whose time has no zone: beside others there is no telling which was first."""
    job = Job(id=id_, task=TASK, who="eve", requested_at=NOW, status="finished")
    return msgspec.json.encode(job).replace(b"12:00:00Z", b"12:00:00")


def test_files_of_strangers_are_no_jobs(tmp_path: Path, told: list[Any]) -> None:
    place = tmp_path / "jobs"
    outside = tmp_path / "outside.json"
    outside.write_text("theirs")
    jobs_of(place, Sleepers("pass"), told).close()
    job = Job(id="../outside", task=TASK, who="eve", requested_at=NOW)
    for name, text in (
        ("a", msgspec.json.encode(job)), ("b", b""), ("c", b"[" * 10_000), ("d", b'{"id": "d"}'),
        ("e", b'{"id": "\xff"}'), ("f", b'{"result": ' + b"[" * 10_000), ("g", of_no_zone("g")),
    ):  # fmt: skip
        (place / f"{name}.json").write_bytes(text)
    (place / "h.json").mkdir()
    jobs = jobs_of(place, Sleepers("pass"), told)
    assert list(jobs.all()) == []
    jobs.close()
    assert outside.read_text() == "theirs"


def test_a_full_disk_ends_no_job_and_stops_no_other(
    tmp_path: Path, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("api.jobs.jobs.write_whole", full)
    jobs = jobs_of(tmp_path, Sleepers('print(\'{"id": "bt-1", "kept": true}\')'), told)
    for id_ in ("job-0", "job-1"):
        jobs.ask(id_, TASK, "ann")
    eventually(lambda: all(job.status == "finished" for job in jobs.all()))
    jobs.close()


def test_an_old_job_that_cannot_be_removed_keeps_no_new_one_waiting(
    tmp_path: Path, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.jobs.jobs.KEPT", 1)
    jobs = jobs_of(tmp_path, Sleepers('print(\'{"id": "bt-1", "kept": true}\')'), told)
    jobs.ask("job-0", TASK, "ann")
    eventually(lambda: all(job.status == "finished" for job in jobs.all()))
    (tmp_path / "job-0.json").unlink()
    (tmp_path / "job-0.json").mkdir()  # which no unlink removes
    jobs.ask("job-1", TASK, "ann")
    eventually(lambda: [(job.id, job.status) for job in jobs.all()] == [("job-1", "finished")])
    jobs.close()


@pytest.mark.parametrize(
    ("program", "status", "error"),
    [
        ("import sys; sys.exit('there is no bar')", "failed", "there is no bar"),
        ("print('{\"id\": \"bt-1\", \"kept\": true}')", "finished", ""),
        ("print('{\"id\": \"bt-1\", \"kept\": false}')", "failed", "The database did not take it."),
        ("pass", "failed", "Its process ended with code 0 and without a word."),
        ("print('[1, 2')", "failed", "Its process ended with code 0 and without a word."),
        ("print('{\"x\": ' + '[' * 5000)", "failed",
         "Its process ended with code 0 and without a word."),
        ("import sys; sys.exit('{\"x\": ' + '[' * 5000)", "failed", '{"x": ' + "[" * 5_000),
        ("import os; os.kill(os.getpid(), 9)", "failed",
         "Its process ended with code -9 and without a word."),
    ],
)  # fmt: skip
def test_how_a_process_ends_is_said(
    tmp_path: Path, told: list[Any], program: str, status: str, error: str
) -> None:
    jobs = jobs_of(tmp_path, Sleepers(program), told)
    jobs.ask("job-0", TASK, "ann")
    eventually(lambda: told[-1][1]["status"] == status)
    assert told[-1] == (
        "backtest", {"id": "job-0", "status": status, "done": 0, "total": 0, "error": error},
    )  # fmt: skip
    jobs.close()


def test_progress_and_what_is_left_are_known(tmp_path: Path, told: list[Any]) -> None:
    line = '{"bars": 25, "total": 100}'
    program = f"import sys, time; print('{line}', file=sys.stderr, flush=True); time.sleep(600)"
    jobs = jobs_of(tmp_path, Sleepers(program), told)
    jobs.ask("job-0", TASK, "ann")
    eventually(lambda: told[-1][1]["done"] == 25)
    found = jobs.get("job-0")
    assert found is not None
    assert (found.done, found.total) == (25, 100)
    assert found.eta_seconds(NOW.replace(minute=1)) == pytest.approx(180)
    jobs.close()


def test_a_child_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """A parent that dies without a word leaves nobody behind."""
    child = tmp_path / "pid"
    program = (
        "import os, subprocess, sys\n"
        "code = 'import os, sys, time; from stack.child import end_with; "
        "end_with(int(sys.argv[1])); time.sleep(600)'\n"
        "p = subprocess.Popen([sys.executable, '-c', code, str(os.getpid())])\n"
        f"open({str(child)!r}, 'w').write(str(p.pid))\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    pid = int(child.read_text())
    eventually(lambda: not psutil.pid_exists(pid) or _is_gone(pid))


def _is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
