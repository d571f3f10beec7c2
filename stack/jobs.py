"""Processes of the command line that the API asks for: a backtest, a proof."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from api.jobs.tasks import BacktestTask, Start, Task
from connectors.runs import Run

NICENESS: Final = 10  # trading comes first


def starting(home: Path, run: Run) -> Start:
    """Return what starts the process of a task of a run."""

    def start(task: Task, out: IO[bytes]) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "stack.cli", *arguments(task, run), "--home", str(home)]
        process = subprocess.Popen(  # noqa: S603  # this program, with values that were checked
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE
        )  # fmt: skip
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        return process

    return start


def arguments(task: Task, run: Run) -> Sequence[str]:
    """Return a task as a command line: values only, each behind its option."""
    own = ("--run-strategies",) if run.rules.own.strategies else ()
    same = ("--run", run.run_id, "--json", f"--as-child={os.getpid()}", *own)
    if not isinstance(task, BacktestTask):
        return ("replay", "--verify", f"--day={task.day}", *same)
    found = ["backtest", f"--from-archive={task.first}..{task.last}", f"--keep-in={run.directory}"]
    weights = ",".join(f"{name}={weight!r}" for name, weight in task.weights.items())
    options = {
        "capital": task.capital, "weights": weights or None, "learning": task.learning,
        "slippage-bps": task.slippage_bps, "commission": task.commission,
    }  # fmt: skip
    found += [f"--{name}={value}" for name, value in options.items() if value is not None]
    return (*found, *same)
