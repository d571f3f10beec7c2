"""kill -9 of each flow in the middle of a run ends in the database of an undisturbed run."""

import random
import signal
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.access import Access
from messages.units import HOUR_US, to_micros
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.harness import MidRun, command_at, options, play, proofs, tables
from tests.slices import FROM

pytestmark = [
    pytest.mark.recorded,
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.timeout(600),
]

# A flow is killed once this topic holds about that many records: it is then in the middle of its
# work. Flows that are through in a moment are killed as soon as they have begun.
TRIGGERS = {
    "market": ("market.bars", 800),
    "news": None,
    "score": None,
    "control": None,
    "signals-0": ("signals.generated", 30),
    "signals-1": ("signals.generated", 30),
    "trade": ("trade.decisions", 30),
    "learn": ("learning.outcomes", 2),
    "persist": ("trades.executed", 5),
}
LAST_MOMENT = 14_000  # bars: most of the two days; what lives by then is killed before they end


class Killer:
    """Kills each flow once, when it is time."""

    def __init__(self, access: Access, seed: int) -> None:
        self.random = random.Random(seed)
        self.factor = {name: self.random.uniform(0.5, 2.0) for name in TRIGGERS}
        self.mid_run = MidRun(access, LAST_MOMENT)
        self.killed: set[str] = set()

    def __call__(self, demo: Demo) -> None:
        if self.killed == set(TRIGGERS):
            self.mid_run.go_on(demo)
        running = {n: c.process for n, c in demo.supervisor.children.items() if c.process}
        # The quick ones first: asking the broker takes longer than some of them live.
        for flow in sorted(running, key=lambda name: TRIGGERS[name] is not None):
            if flow not in self.killed and self.is_time(flow, demo):
                running[flow].kill()
                if running[flow].wait() == -signal.SIGKILL:
                    self.killed.add(flow)
                return

    def is_time(self, flow: str, demo: Demo) -> bool:
        trigger = TRIGGERS[flow]
        if trigger is None:
            return demo.run.path("recovery", flow).exists()
        topic, least = trigger
        return self.mid_run(demo) or self.mid_run.size(demo, topic) >= least * self.factor[flow]


def commands(demo: Demo) -> None:
    """Pause and resume in the middle of the first session, stamped ahead of the player."""
    noon = to_micros(FROM) + 16 * HOUR_US
    command_at(demo, (noon, {"kind": "pause"}), (noon + HOUR_US // 2, {"kind": "resume"}))


@pytest.fixture(scope="module")
def undisturbed(services: Services, two_days: tuple[Path, Path]) -> tuple[Demo, dict[str, Any]]:
    return play(services, options(*two_days, shards=2), before=commands)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_with_every_flow_killed_ends_the_same(
    services: Services,
    two_days: tuple[Path, Path],
    undisturbed: tuple[Demo, dict[str, Any]],
    seed: int,
) -> None:
    calm, expected = undisturbed
    assert expected["accounted"], expected.get("first_unaccounted")
    assert expected["restarts"] == 0
    assert expected["rows"]["commands"] == expected["rows"]["trading_states"] == 2
    killer = Killer(services.access, seed)
    stormy, summary = play(
        services, options(*two_days, shards=2, pace=2_500), before=commands, meddle=killer
    )
    assert killer.killed == set(TRIGGERS)
    assert summary["restarts"] == len(TRIGGERS)
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["digest"] == expected["digest"]
    assert tables(stormy) == tables(calm)
    assert proofs(stormy) == proofs(calm)


def test_the_pause_was_obeyed(undisturbed: tuple[Demo, dict[str, Any]]) -> None:
    calm, _ = undisturbed
    codes = [row for row in tables(calm)["decisions"] if "TRADING_PAUSED" in row]
    assert codes
