"""The supervisor: starts flows as processes, restarts those that die, stops them cleanly."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from connectors.stopping import AGAIN
from messages.flows import TABLES, Mode
from stack.child import SUPERVISOR
from stack.errors import StackError
from stack.home import tail
from stack.hurry import hurried
from stack.runtime.signs import vitals_of
from stack.tether import begin

BACK_OFF_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
CRASHES_ALLOWED: Final = 6
CRASH_WINDOW_S: Final = 60.0
STOP_TIMEOUT_S: Final = 10.0
STOP_LOOK_S: Final = 0.02
# Of a flow's process. Its many threads allocate little: two arenas hold less memory than forty.
OF_FLOWS: Final = {"PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}


class CrashLoop(StackError):
    """A flow dies again and again.

    Operator action: correct what its last log line, quoted in the message, says; start again.
    """


@dataclass(frozen=True, slots=True)
class FlowProcess:
    """A process to keep running: its label, its command (a flow's mostly), and the arguments."""

    label: str
    arguments: tuple[str, ...]
    command: str = "flow"
    sockets: tuple[int, ...] = ()  # that it inherits


@dataclass(slots=True)
class Child:
    """One flow's process and its history."""

    spec: FlowProcess
    process: "subprocess.Popen[bytes] | None" = None
    ended: bool = False
    restarts: int = 0
    barren: int = 0  # deaths one after the other before anything was durable
    resume_at: float = 0.0
    crashes: deque[float] = field(default_factory=deque)


class Supervisor:
    """Keeps a run's flows alive until each has read its input to the end."""

    def __init__(self, directory: Path, specs: list[FlowProcess]) -> None:
        """Take the run's directory and its flows; nothing is started."""
        self._directory = directory
        self.children = {spec.label: Child(spec) for spec in specs}

    @property
    def ended(self) -> bool:
        """Tell whether every flow has finished its input."""
        return all(child.ended for child in self.children.values())

    @property
    def restarts(self) -> int:
        """Return how often flows were restarted."""
        return sum(child.restarts for child in self.children.values())

    def start(self) -> None:
        """Start every flow."""
        for child in self.children.values():
            self._launch(child)

    def watch(self, *, waiting: bool = False) -> None:
        """Look after the flows once; called every fraction of a second.

        Args:
            waiting: a server that flows need is down: one that dies of it is no crash, and is
                started again once the server is back.

        Raises:
            CrashLoop: a flow died more than six times within a minute, or as often before it
                had written anything.
        """
        now = time.monotonic()
        for child in self.children.values():
            if child.process is not None and (code := child.process.poll()) is not None:
                wrote = self._has_written(child.spec.label, child.process.pid)
                child.process = None
                if code == 0:
                    child.ended = True
                elif code == AGAIN or waiting:
                    child.resume_at = now
                else:
                    child.barren = 0 if wrote else child.barren + 1
                    self._crashed(child, code, now)
            stands = child.process is None and not child.ended
            if stands and not waiting and now >= child.resume_at:
                child.restarts += 1
                self._launch(child)

    def stop(self) -> list[str]:
        """Ask every flow for a last snapshot, kill those that take over ten seconds.

        A further SIGINT or SIGTERM shortens the wait; no flow outlives this call.

        Returns:
            The labels of the flows that had to be killed.
        """
        killed = []
        with hurried() as hurry:
            processes = {
                child.spec.label: child.process
                for child in self.children.values() if child.process is not None
            }  # fmt: skip
            for process in processes.values():
                process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + STOP_TIMEOUT_S
            while time.monotonic() < deadline and not hurry.asked:
                if all(process.poll() is not None for process in processes.values()):
                    break
                time.sleep(STOP_LOOK_S)
            for label, process in processes.items():
                if process.poll() is None:
                    process.kill()
                    process.wait()
                    killed.append(label)
                self.children[label].process = None
        return killed

    def log_of(self, label: str) -> Path:
        """Return a flow's log file."""
        return self._directory / "logs" / f"{label}.log"

    def logs(self) -> list[Path]:
        """Return the flows' log files."""
        return [self.log_of(label) for label in self.children]

    def _launch(self, child: Child) -> None:
        log = self.log_of(child.spec.label)
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "stack.cli", child.spec.command, *child.spec.arguments]
        with log.open("ab") as out:
            child.process = begin(
                [*command, "--run", str(self._directory)],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=child.spec.sockets,
                env={**os.environ, **OF_FLOWS, SUPERVISOR: str(os.getpid())},
            )

    def _crashed(self, child: Child, code: int, now: float) -> None:
        child.crashes.append(now)
        while child.crashes[0] < now - CRASH_WINDOW_S:
            child.crashes.popleft()
        count = len(child.crashes)
        if max(count, child.barren) > CRASHES_ALLOWED:
            log = self.log_of(child.spec.label)
            often = (
                f"{count} times within a minute" if count > CRASHES_ALLOWED
                else f"{child.barren} times before it had written anything"
            )  # fmt: skip
            reason = (
                f"Flow {child.spec.label} died {often} (exit {code}): {tail(log, 1)}. "
                f"See {log}; correct the cause and start again, it resumes there."
            )
            raise CrashLoop(reason)
        child.resume_at = now + BACK_OFF_S[min(max(count, child.barren), len(BACK_OFF_S)) - 1]

    def _has_written(self, label: str, pid: int) -> bool:
        """Tell whether a process got as far as to make something durable."""
        signs = vitals_of(self._directory, label)
        return signs.get("pid") == pid and signs.get("epoch_age_s") is not None


def run_flows(partitions: int, mode: Mode = "paper") -> list[FlowProcess]:
    """Return the processes of a run: one per partition of a sharded flow, one per other."""
    return [
        process
        for flow in TABLES[mode].flows
        for process in (
            [
                FlowProcess(f"{flow.name}-{k}", (flow.name, "--shards", f"{k}-{k}"))
                for k in range(partitions)
            ]
            if flow.sharded
            else [FlowProcess(flow.name, (flow.name,))]
        )
    ]
