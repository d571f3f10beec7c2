"""The database away for a minute and the broker restarted in the middle: the result is the same."""

import time
from pathlib import Path

import pytest

from stack.runtime.demo import Demo
from tests.conftest import services_of
from tests.harness import options, play

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]
MINUTE_S = 60


def test_a_minute_without_database_and_a_restarted_broker_change_nothing(tmp_path: Path) -> None:
    stage, began = [0], [0.0]
    with services_of(tmp_path / "home") as services:
        _, calm = play(services, options())

        def outage(demo: Demo) -> None:
            age = time.monotonic() - began[0]
            if stage[0] == 0 and demo.run.path("recovery", "trade").exists():
                services.database.stop()
                began[0], stage[0] = time.monotonic(), 1
            elif stage[0] == 1 and age > MINUTE_S / 2:
                services.broker.stop()
                services.broker.start()
                stage[0] = 2
            elif stage[0] == 2 and age > MINUTE_S:
                services.database.start()
                stage[0] = 3

        _, stormy = play(services, options(pace=120), meddle=outage, timeout=400)
    assert stage == [3]
    assert stormy["accounted"], stormy.get("first_unaccounted")
    assert (stormy["digest"], stormy["equity"]) == (calm["digest"], calm["equity"])
    assert stormy["rows"] == calm["rows"]
    assert stormy["restarts"] == 0
