"""The stack as a person runs it: up, killed, on again, down; what each command says."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from confluent_kafka.admin._acl import AclOperation

from stack.home import Home
from stack.servers.broker import EmbeddedBroker
from stack.servers.database import EmbeddedDatabase
from stack.servers.principals import _given
from tests.api.authenticator import Authenticator
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]
Say = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("stack") / "home"
    yield directory
    EmbeddedDatabase(Home(directory)).discard()


@pytest.fixture
def say(home: Path) -> Say:
    return at(home)


def at(home: Path) -> Say:
    """Return what runs the command line on a home; it returns the exit code and the words."""

    def run(*arguments: str, **env: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "stack.cli", *arguments], capture_output=True, text=True,
            check=False, env={**os.environ, "TIDEWIRE_HOME": str(home), **env},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return run


def status(say: Say) -> dict[str, Any]:
    """Return what is told once nothing is amiss, but that no bars come."""
    told: dict[str, Any] = {}

    def stands() -> bool:
        told.update(json.loads(say("status", "--json")[1]))
        return bool(told["up"]) and not told["standstill"]

    eventually(stands, what=lambda: told, step=0.3)
    return told


def clocks_run(say: Say) -> bool:
    """Tell whether every flow's clock runs: idle, it is moved every five seconds."""
    ages = [f["clock_age_s"] for f in status(say)["flows"]]
    return all(age is not None and -3 < age < 8 for age in ages)


def test_before_anything_is_up(tmp_path: Path) -> None:
    say = at(tmp_path / "home")
    assert say("status")[0] == 1
    assert say("down") == (2, say("down")[1])
    assert "start it with `tidewire up`" in say("down")[1]
    assert "No run is up" in say("topics")[1]
    assert "No run is up" in say("flow", "trade")[1]
    assert say("archive", "ls")[1].startswith("no archive in ")
    assert "There is no schema run_live: `tidewire db upgrade` makes it" in say("db", "status")[1]
    code, report = say("doctor")
    assert code == 0
    assert "ok       Java" in report
    assert "MISSING" not in report
    assert "Apache Kafka 4" in say("version")[1]
    EmbeddedDatabase(Home(tmp_path / "home")).discard()


def test_a_doctor_without_java_names_the_cost(say: Say, tmp_path: Path) -> None:
    code, report = say("doctor", PATH=str(tmp_path), JAVA_HOME="")
    assert code == 1
    assert "MISSING  Java" in report
    assert "tidewire demo --broker memory" in report
    assert "without  Node" in report


def test_up_and_down_and_on_again(say: Say, home: Path) -> None:
    code, text = say("up")
    assert code == 0, text
    assert "run live is up: Kafka at 127.0.0.1:" in text
    assert "API at http://localhost:" in text
    first = status(say)
    assert len(first["flows"]) == 8
    assert "is up already" in say("up")[1]
    assert "database_url" not in first
    eventually(lambda: clocks_run(say), step=0.3)

    the_api_lets_in_by_a_link(say, first["api"])

    victim = next(
        p for p in psutil.Process(first["pid"]).children() if "trade" in p.cmdline()
    )  # fmt: skip
    victim.kill()

    def restarts() -> int:
        return int(next(f["restarts"] for f in status(say)["flows"] if f["flow"] == "trade"))

    assert eventually(restarts, step=0.5) == 1
    before = say("db", "status")[1]

    code, text = say("down")
    assert (code, text.split(";")[0]) == (0, "run live is down")
    # Whoever it was left to takes notice of its end by and by.
    eventually(lambda: not psutil.pid_exists(first["pid"]))
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{first['api']}/health")
    assert "start it with `tidewire up`" in say("access", "link")[1]
    assert say("status")[0] == 1
    code, text = say("up", TIDEWIRE_RISK__COOLDOWN_MINUTES="7")
    assert code == 2
    assert "made under other settings (risk.cooldown_minutes 30, now 7)" in text
    assert say("up")[0] == 0
    again = status(say)
    assert (again["run"], again["bootstrap"]) == (first["run"], first["bootstrap"])
    flows = [p for p in psutil.Process(again["pid"]).children() if "stack.cli" in p.cmdline()]
    assert len(flows) == 9, "eight flows, and the API"
    psutil.Process(again["pid"]).kill()  # its flows stop by themselves, its servers are found
    assert psutil.wait_procs(flows, timeout=90)[1] == []
    assert say("up")[0] == 0
    status(say)
    after = say("db", "status")[1]
    assert without_care(after) == without_care(before)
    assert say("down")[0] == 0
    assert rights_of(home, "tidewire-live.") == 3
    assert say("runs", "rm", "live")[0] == 0
    assert rights_of(home, "tidewire-live.") == 0, "whoever makes its topics again begins anew"
    code, text = say("up")
    assert code == 2
    assert "or remove it by `tidewire runs rm live --archive`" in text
    assert say("runs", "rm", "live", "--archive")[0] == 0


def the_api_lets_in_by_a_link(say: Say, origin: str) -> None:
    """Whoever may read this machine's files registers by a link, signs in, and halts."""
    with httpx.Client(base_url=origin, headers={"Origin": origin, "X-Tidewire": "1"}) as client:

        def answers() -> bool:
            try:
                return client.get("/ready").status_code == 200
            except httpx.TransportError:
                return False

        eventually(answers, step=0.2)
        code, link = say("access", "link")
        assert code == 0
        where, token = link.strip().split("/#register=")
        assert where == origin
        who, key = {"name": "ann", "token": token}, Authenticator(origin)
        begun = client.post("/auth/register/begin", json=who).json()
        made = {"ceremony": begun["ceremony"], "credential": key.make(begun["options"])}
        registered = client.post("/auth/register/complete", json={**who, **made}).json()
        assert (registered["name"], registered["role"]) == ("ann", "owner")
        begun = client.post("/auth/login/begin", json={}).json()
        shown = {"ceremony": begun["ceremony"], "credential": key.show(begun["options"])}
        signed_in = client.post("/auth/login/complete", json=shown).json()
        client.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
        assert client.get("/api/portfolio").json()["equity"] == "1000000.0000"
        halted = client.post(
            "/api/controls/halt", json={"why": "a test"}, headers={"Idempotency-Key": "once"}
        )  # fmt: skip
        assert halted.status_code == 202

        def state() -> str:
            return str(client.get("/api/controls/status").json()["state"])

        eventually(lambda: state() == "HALTED", what=state, step=0.2)
        assert json.loads(say("status", "--json")[1])["trading_state"] == "HALTED"
        assert say("resume")[0] == 0


def rights_of(home: Path, prefix: str) -> int:
    """Return how many rights a home's broker gives to a run's topics."""
    broker = EmbeddedBroker(Home(home))
    broker.start()
    try:
        found = _given(broker.admin(), AclOperation.ANY)
        return sum(right.name.startswith(prefix) for right in found)
    finally:
        broker.stop()


def test_a_crash_loop_stops_with_the_reason(say: Say, home: Path) -> None:
    assert say("up", "--run", "broken")[0] == 0
    status(say)
    run = home / "runs" / "broken" / "run.json"
    run.write_text("{")
    pid = json.loads((home / "up.json").read_text())["pid"]

    def ended() -> bool:
        with contextlib.suppress(psutil.Error):  # it ends while we look
            for child in psutil.Process(pid).children():
                if "trade" in child.cmdline():
                    child.kill()
        return not psutil.pid_exists(pid)

    eventually(ended, within=150, step=0.3)
    last = say("status")[1]
    assert "Flow trade died 7 times within a minute" in last
    assert "correct the cause and start again" in last


def without_care(status: str) -> list[str]:
    """Return a status without the line of what a database remembers of itself."""
    return [line for line in status.splitlines() if not line.startswith("care: last")]


def test_backup_and_restore(say: Say, home: Path, tmp_path: Path) -> None:
    if "There is no schema" in say("db", "status")[1]:
        assert say("up")[0] == say("down")[0] == 0
    dump = tmp_path / "live.dump"
    assert "needs a file" in say("db", "backup")[1]
    before = say("db", "status")[1]
    assert "strategies" in before
    assert "rows written" in before
    assert "care: last" in before
    assert say("db", "backup", str(dump))[0] == 0
    assert "Schema run_live is there" in say("db", "restore", str(dump))[1]
    assert "is no file" in say("db", "restore", str(tmp_path / "no"))[1]
    script = (
        "import sys, psycopg; from pathlib import Path; from stack.commands.db import *\n"
        "from connectors.settings import Settings\n"
        "with database_of(Home(Path(sys.argv[1])), Settings()) as url, psycopg.connect(url) as c:\n"
        "    c.execute('DROP SCHEMA run_live CASCADE')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "There is no schema run_live" in say("db", "status")[1]
    code, text = say("db", "restore", str(dump))
    assert code == 0, text
    after = say("db", "status")[1]
    assert without_care(after) == without_care(before)
    assert say("db", "seed")[0] == 0
    assert "use lower-case letters" in say("db", "status", "--schema", 'x"; DROP')[1]


def test_the_memory_broker_gives_the_same_run(say: Say) -> None:
    code, text = say("demo", "--broker", "memory")
    assert code == 0, text
    assert "librdkafka mock cluster in memory" in text
    assert "digest a5a97a70f67ddbfc" in text
    assert "accounted: every input, decision, order and dollar" in text
    for refused in (("--check",), ("--shards", "5")):
        code, text = say("demo", "--broker", "memory", *refused)
        assert code == 2
        assert "use --broker kafka" in text
