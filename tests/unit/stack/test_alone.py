"""One process a flow: what a second one does while the first goes on."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from stack.alone import alone
from stack.commands import flow
from stack.errors import StackError
from tests.unit.connectors.test_runs import run

HOLD = """
import sys, time
from pathlib import Path
from stack.alone import alone
with alone(Path(sys.argv[1]), ["execute"]):
    print("in", flush=True)
    time.sleep(60)
"""


def test_a_second_process_of_a_flow_is_refused_and_another_flow_is_not(tmp_path: Path) -> None:
    with alone(tmp_path, ["execute"]):
        with (
            pytest.raises(StackError, match="Another process runs flow execute"),
            alone(tmp_path, ["execute"], patience_s=0.2),
        ):
            pass
        with alone(tmp_path, ["trade"], patience_s=0.2):
            pass
    with alone(tmp_path, ["execute"], patience_s=0.2):
        pass


def test_shards_are_refused_one_by_one(tmp_path: Path) -> None:
    with alone(tmp_path, ["signals-0", "signals-1"]):
        with (
            pytest.raises(StackError, match="signals-1"),
            alone(tmp_path, ["signals-1", "signals-2"], patience_s=0.2),
        ):
            pass
        with alone(tmp_path, ["signals-2"], patience_s=0.2):
            pass


def test_who_is_to_stop_waits_no_longer(tmp_path: Path) -> None:
    with (
        alone(tmp_path, ["execute"]),
        pytest.raises(StackError),
        alone(tmp_path, ["execute"], lambda: True),
    ):
        pass


def test_a_process_that_is_killed_lets_the_next_one_in(tmp_path: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    assert first.stdout.readline() == "in\n"
    with pytest.raises(StackError), alone(tmp_path, ["execute"], patience_s=0.2):
        pass
    first.kill()
    with alone(tmp_path, ["execute"]):
        pass
    first.wait()
    first.stdout.close()


def test_the_command_of_a_flow_asks_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = run(tmp_path)
    saved.save()
    monkeypatch.setattr(flow, "alone", partial(alone, patience_s=0.2))
    monkeypatch.setattr(flow, "_run_alone", lambda *_: pytest.fail("ran beside another one"))
    monkeypatch.setattr(flow, "log_as_json", lambda *_: None)
    with (
        alone(saved.path("locks"), ["execute"]),
        pytest.raises(StackError, match="Another process runs flow execute"),
    ):
        flow.run_flow("execute", saved.path(), None)
