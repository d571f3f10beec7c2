"""Servers that a killed parent left behind are found and replaced; a home has one user."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from connectors.settings import Settings
from connectors.storage.schema import server_version
from stack.errors import StackError
from stack.home import Home
from stack.servers.broker import EmbeddedBroker
from stack.servers.database import EmbeddedDatabase
from stack.servers.services import Services
from tests.conftest import services_of
from tests.outside import named
from tests.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(400)]
HOLD = """
import signal, sys
from pathlib import Path
from connectors.settings import Settings
from stack.home import Home
from stack.servers.services import Services
from tests.outside import named
from tests.conftest import services_of
with Services(Home(Path(sys.argv[1])), Settings()) as s:
    print(s.bootstrap, s.database_url, flush=True)
    signal.pause()
"""


def test_servers_end_with_a_killed_parent_and_others_follow(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-c", HOLD, str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        first, _ = holder.stdout.readline().split()
        with pytest.raises(StackError, match=r"in use by another tidewire"):
            Services(Home(home), Settings()).__enter__()
        left = psutil.Process(holder.pid).children()
        assert len(left) == 2
        holder.kill()
    with services_of(home) as services:
        assert not any(process.is_running() for process in left)
        assert services.broker_name().startswith("Apache Kafka 4")
        assert server_version(services.database_url)
    assert first


def test_a_broker_that_was_left_behind_is_replaced(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    left, broker = EmbeddedBroker(home), EmbeddedBroker(home)
    left.start()
    broker.start()
    assert left.has_died()
    assert not broker.has_died()
    broker.stop()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_leaves_nothing_behind(tmp_path: Path, how: signal.Signals) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-m", "stack.cli", "demo", "--home", str(home), "--check"]
    demo = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A shell starts what runs in the background deaf to SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    me = psutil.Process(demo.pid)
    eventually(lambda: list(home.glob("runs/*/recovery/trade")), step=0.1)
    started = [p for p in me.children(recursive=True) if p.is_running()]
    assert len(started) > 5
    demo.send_signal(how)
    _, errors = demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert "Traceback" not in errors
    gone, alive = psutil.wait_procs(started, timeout=60)
    assert alive == []
    assert gone
    database = EmbeddedDatabase(Home(home))
    assert not (database._find_place().directory / "data" / "postmaster.pid").exists()
    database.discard()


def test_servers_of_others_are_used_and_left_alone(services: Services, tmp_path: Path) -> None:
    with Services(Home(tmp_path / "home"), named(services)) as guest:
        assert guest.broker_name() == "Apache Kafka"
        assert guest.database_name() == services.database_name()
    assert services.broker_name().startswith("Apache Kafka 4")
    assert server_version(services.database_url)
