"""A run for benchmarks of the API: played by nobody, so that its sign-ins need no people."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from api.access.origin import Origin
from api.build import Serving
from connectors.runs import Run
from connectors.settings import Settings
from messages.requests import InputFile
from stack.runtime.new_run import new_run
from stack.servers.services import Services


def bench_run(services: Services) -> Run:
    """Return a run on running servers; its `run.json` is written."""
    run = new_run(services, Settings(metrics=False), "bench", datetime.now(UTC), 1)
    played = (InputFile(role="bars", digest="0" * 64, name="none"),)
    run = replace(run, spec=replace(run.spec, inputs=played))
    run.save()
    return run


def serving(run: Run, port: int, dashboard: Path = Path("no dashboard")) -> Serving:
    """Return how it is served at a port."""
    origin = Origin(f"http://localhost:{port}", port, "tidewire_bench")
    return Serving(run, run.layout, origin, b"k" * 32, list, list, no_job, dashboard)


def no_job(*_: Any) -> "subprocess.Popen[bytes]":
    """Refuse to start anything: no benchmark asks for a job.

    Raises:
        AssertionError: always.
    """
    reason = "a benchmark asked for a job"
    raise AssertionError(reason)
