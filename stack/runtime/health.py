"""How the flows of a run are: their vital signs, with what only their supervisor knows."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from confluent_kafka import Producer

from connectors.changes import Changes
from connectors.files import write_whole
from connectors.kafka.headers import RUN, STAMP
from connectors.runs import Run
from messages.base import make_id
from messages.codec import encode
from messages.control import FlowHealth
from messages.topics import SYSTEM_EVENTS
from messages.units import to_datetime
from stack.home import tail
from stack.runtime.supervisor import Child, Supervisor

STALE_S: Final = 10.0
State = Literal["running", "restarting", "ended", "failed"]


@dataclass(frozen=True, slots=True)
class FlowStatus:
    """One line of `tidewire status`; the fields are those of `FlowHealth`, times in UTC."""

    flow: str
    state: str
    lag: int
    clock: datetime | None
    clock_age_s: float | None
    epoch_age_s: float | None
    restarts: int
    metrics_port: int | None


def vitals_of(run: Path, label: str) -> dict[str, Any]:
    """Return what a flow's process wrote last; empty before its first word."""
    try:
        found: dict[str, Any] = json.loads((run / "status" / f"{label}.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


class HealthBoard:
    """Publishes every flow's health on `system.events`, and keeps it for `tidewire status`."""

    def __init__(self, run: Run, supervisor: Supervisor) -> None:
        """Watch a run's flows."""
        self._run = run
        self._supervisor = supervisor
        self._changes = Changes()
        self._producer = Producer(run.layout.access.settings({"log_level": 2}))

    def publish(self) -> list[FlowHealth]:
        """Tell how every flow is, now; waits for no answer.

        The files are written each time; the topic has what changed, and every flow once a minute.
        """
        now = datetime.now(UTC)
        told = [self._health(child, now) for child in self._supervisor.children.values()]
        for health in told:
            what = (health.state, health.restarts, health.detail, health.lag == 0)
            if not self._changes.worth_telling(health.flow, what):
                continue
            self._producer.produce(
                self._run.layout.name(SYSTEM_EVENTS), encode(health), health.flow.encode(), 0,
                headers=[
                    (STAMP, b"%d" % (time.time_ns() // 1_000)),
                    (RUN, self._run.run_id.encode()),
                ],
            )  # fmt: skip
        self._producer.poll(0)
        restarts = {c.spec.label: [state_of(c), c.restarts] for c in self._children()}
        file = self._run.path("status", "supervisor.json")
        write_whole(file, json.dumps(restarts).encode(), durable=False)
        return told

    def close(self) -> None:
        """Deliver what was told."""
        self._producer.flush(5)

    def _children(self) -> list[Child]:
        return list(self._supervisor.children.values())

    def _health(self, child: Child, now: datetime) -> FlowHealth:
        label = child.spec.label
        signs = vitals_of(self._run.path(), label)
        log = self._supervisor.log_of(label)
        clock = signs.get("clock")
        return FlowHealth(
            id=make_id("hea", self._run.run_id, label, now.isoformat()),
            event_time=now,
            flow=label,
            state=state_of(child),
            lag=signs.get("lag", 0),
            clock=None if clock is None else to_datetime(clock),
            clock_age_s=signs.get("clock_age_s") if self._run.live else None,
            epoch_age_s=signs.get("epoch_age_s"),
            restarts=child.restarts,
            detail=tail(log, 1)[:500] if child.crashes else "",
        )


def state_of(child: Child) -> State:
    """Return a flow's state in a word."""
    if child.ended:
        return "ended"
    return "running" if child.process is not None else "restarting"


def rows_of(run: Path, *, live: bool) -> list[FlowStatus]:
    """Return the health of a run's flows as its files say, for a look from another process.

    Args:
        run: its directory.
        live: the wall clock is the run's clock; elsewhere a clock has no age.
    """
    try:
        known = json.loads((run / "status" / "supervisor.json").read_text())
    except (FileNotFoundError, ValueError):
        known = {}
    rows = []
    for label, (state, restarts) in known.items():
        signs = vitals_of(run, label)
        silent = time.time() - signs.get("at", 0) > STALE_S and state == "running"
        clock = signs.get("clock")
        rows.append(
            FlowStatus(
                label, "silent" if silent else state, signs.get("lag", 0),
                None if clock is None else to_datetime(clock),
                signs.get("clock_age_s") if live else None,
                signs.get("epoch_age_s"), restarts, signs.get("metrics_port"),
            )
        )  # fmt: skip
    return rows
