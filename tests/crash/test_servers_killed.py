"""Servers that are killed beneath a live run: they come back, and `status` says so meanwhile."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from stack.home import Home
from stack.servers.database import EmbeddedDatabase
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(400)]


class Stack:
    """A live run of a home of its own."""

    def __init__(self, home: Path) -> None:
        self._env = {**os.environ, "TIDEWIRE_HOME": str(home)}
        self.log = home / "up.log"

    def say(self, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "stack.cli", *arguments], env=self._env, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def told(self) -> dict[str, Any]:
        code, text = self.say("status", "--json")
        told: dict[str, Any] = json.loads(text)
        assert code == int(bool(told["standstill"] or told["bars"]))
        return told

    def process(self, name: str) -> psutil.Process:
        children = psutil.Process(self.told()["pid"]).children()
        [found] = [p for p in children if name in " ".join(p.cmdline())]
        return found


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("killed") / "home"
    live = Stack(home)
    code, words = live.say("up")
    assert code == 0, words
    eventually(lambda: not live.told()["standstill"], what=live.told)
    yield live
    live.say("down")
    EmbeddedDatabase(Home(home)).discard()


@pytest.mark.parametrize(
    ("program", "name"), [("kafka.Kafka", "Apache Kafka"), ("bin/postgres", "PostgreSQL")]
)
def test_a_server_that_is_killed_comes_back(stack: Stack, program: str, name: str) -> None:
    killed = stack.process(program)
    bootstrap = stack.told()["bootstrap"]
    killed.send_signal(signal.SIGKILL)

    eventually(lambda: f"{name} is back" in stack.log.read_text(), what=stack.log.read_text)
    assert f"{name} has died, and is started again" in stack.log.read_text()
    eventually(lambda: not stack.told()["standstill"], what=stack.told)
    told = stack.told()
    assert told["bootstrap"] == bootstrap
    assert stack.process(program).pid != killed.pid
    assert {flow["state"] for flow in told["flows"]} == {"running"}


def test_a_person_is_told_the_same(stack: Stack) -> None:
    kafka = stack.process("kafka.Kafka")
    kafka.suspend()
    try:
        code, text = stack.say("status")
    finally:
        kafka.resume()
    assert code == 1
    assert "nothing can trade: Kafka at 127.0.0.1:" in text
    assert "does not answer" in text
