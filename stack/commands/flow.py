"""`tidewire flow NAME`: one flow of a run in this process, until its input ends or SIGTERM."""

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from bytewax.dataflow import Dataflow

from connectors.runs import Run, load_run
from connectors.stopping import StopFlag
from connectors.telemetry import StatusFile, log_as_json, serve_metrics
from flows.pipeline.engine import run as execute
from messages.flows import BROKER, TABLES
from stack.alone import alone
from stack.child import tied
from stack.commands.options import home_of
from stack.errors import StackError
from stack.metrics_port import metrics_port


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("name", help=", ".join(BROKER.names))
    parser.add_argument("--run", type=Path, help="the run's directory (default: what is up)")
    parser.add_argument("--shards", help="A-B: the shards of flow signals to run here")


def run(options: argparse.Namespace) -> int:
    """Run one flow until its input ends or SIGTERM; returns the exit code.

    Raises:
        StackError: no such flow, run or shard.
    """
    directory = options.run
    if directory is None:
        # Imported here: a supervised flow's process needs neither servers nor supervisor.
        from stack.runtime.presence import running

        up = running(home_of(options))
        if up is None:
            reason = "No run is up: name a run's directory with --run."
            raise StackError(reason)
        directory = Path(up["directory"])
    return run_flow(options.name, directory, options.shards)


def parse_shards(text: str, partitions: int) -> range:
    """Read `A-B` or `A`, both ends included.

    Raises:
        StackError: not a range within the run's partitions.
    """
    first, _, last = text.partition("-")
    try:
        shards = range(int(first), int(last or first) + 1)
    except ValueError:
        shards = range(0)
    if not shards or shards[0] < 0 or shards[-1] >= partitions:
        reason = f"--shards {text}: use A-B within 0-{partitions - 1}."
        raise StackError(reason)
    return shards


def run_flow(name: str, directory: Path, shards: str | None) -> int:
    """Run a flow to its end; its recovery directory makes it resume where it was.

    Returns:
        The exit code: 0, or `AGAIN` where it is to be started again.

    Raises:
        StackError: no such flow, run or shard; or another process runs it.
    """
    parent = tied()
    try:
        run = load_run(directory)
    except FileNotFoundError as error:
        reason = f"There is no run at {directory}: name a directory that holds run.json with --run."
        raise StackError(reason) from error
    names = TABLES[run.spec.mode].names
    if name not in names:
        reason = f"There is no flow {name} in this run: choose one of {', '.join(names)}."
        raise StackError(reason)
    stop = StopFlag(parent=parent).listen()
    own = _shards(name, run, shards)
    label = name if own is None else f"{name}-{own[0]}" + (f"-{own[-1]}" if len(own) > 1 else "")
    log_as_json(label, run.run_id, run.log_level)
    parts = [name] if own is None else [f"{name}-{shard}" for shard in own]
    with alone(run.path("locks"), parts, stop):
        _run_alone(run, name, label, own, stop)
    return stop.code


def _run_alone(run: Run, name: str, label: str, own: range | None, stop: StopFlag) -> None:
    signs: dict[str, object] = {"flow": label}
    if run.metrics:
        signs["metrics_port"] = serve_metrics(label, run.run_id, metrics_port(run, label))
    status = StatusFile(run.path("status", f"{label}.json"), **signs).keep_writing()
    # Imported by name so that a role's flow needs no other role's packages.
    build: Callable[..., Dataflow] = import_module(f"flows.{name}").flow
    dataflow = build(run, stop) if own is None else build(run, stop, own)
    execute(dataflow, run.path("recovery", label))
    status.write()  # the last word of a flow that has ended is of its end


def _shards(name: str, run: Run, shards: str | None) -> range | None:
    if not BROKER[name].sharded:
        return None
    return parse_shards(shards or f"0-{run.partitions - 1}", run.partitions)
