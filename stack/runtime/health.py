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
from stack.runtime.signs import STALE_S, told_in, vitals_of
from stack.runtime.supervisor import Child, Supervisor
from stack.runtime.topic_watch import TopicWatch
from stack.servers.services import Services

SERVERS: Final = "servers.json"  # why a server of ours is not up, by its name
TOPICS: Final = "topics.json"  # what is amiss with the run's topics
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
    deaths: int = 0  # one after the other, before anything was durable


class HealthBoard:
    """Publishes every flow's health on `system.events`, and keeps it for `tidewire status`."""

    def __init__(
        self, run: Run, supervisor: Supervisor, services: Services | None = None,
        topics: TopicWatch | None = None,
    ) -> None:  # fmt: skip
        """Watch a run's flows, the servers that they need where those are ours, and its topics."""
        self._run, self._services, self._topics = run, services, topics
        self._supervisor = supervisor
        self._changes = Changes()
        self._producer = Producer(run.layout.access.settings({"log_level": 2}))

    def publish(self) -> list[FlowHealth]:
        """Tell how every flow is, now; waits for no answer.

        The files are written each time; the topic has what changed, and every flow once a minute.

        Raises:
            OSError: the files cannot be written, as where the disk is full.
        """
        now = datetime.now(UTC)
        states = {c.spec.label: [state_of(c), c.restarts, c.barren] for c in self._children()}
        down = {} if self._services is None else self._services.down
        self._write("supervisor.json", states)
        self._write(SERVERS, down)
        self._write(TOPICS, {"amiss": [] if self._topics is None else self._topics.amiss})
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
        return told

    def _write(self, name: str, told: dict[str, Any]) -> None:
        write_whole(self._run.path("status", name), json.dumps(told).encode(), durable=False)

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
    rows = []
    for label, (state, restarts, *deaths) in told_in(run / "status" / "supervisor.json").items():
        signs = vitals_of(run, label)
        silent = time.time() - signs.get("at", 0) > STALE_S and state == "running"
        clock = signs.get("clock")
        rows.append(
            FlowStatus(
                label, "silent" if silent else state, signs.get("lag", 0),
                None if clock is None else to_datetime(clock),
                signs.get("clock_age_s") if live else None,
                signs.get("epoch_age_s"), restarts, signs.get("metrics_port"),
                *deaths,
            )
        )  # fmt: skip
    return rows
