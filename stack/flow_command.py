"""`tidewire flow NAME`: one flow of a run in this process, until its input ends or SIGTERM."""

import logging
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final

from bytewax.dataflow import Dataflow

from connectors.runs import Run, load_run
from connectors.stopping import StopFlag
from flows.engine import run as execute
from stack.errors import StackError

FLOWS: Final = ("market", "news", "score", "control", "signals", "trade", "learn", "persist")


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


def run_flow(name: str, directory: Path, shards: str | None) -> None:
    """Run a flow to its end; its recovery directory makes it resume where it was.

    Raises:
        StackError: no such flow, run or shard.
    """
    if name not in FLOWS:
        reason = f"There is no flow {name}: choose one of {', '.join(FLOWS)}."
        raise StackError(reason)
    try:
        run = load_run(directory)
    except FileNotFoundError as error:
        reason = f"There is no run at {directory}: name a directory that holds run.json with --run."
        raise StackError(reason) from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    label, dataflow = _assemble(name, run, shards, StopFlag().listen())
    execute(dataflow, run.path("recovery", label))


def _assemble(name: str, run: Run, shards: str | None, stop: StopFlag) -> tuple[str, Dataflow]:
    # Imported by name so that a role's flow needs no other role's packages.
    module = import_module(f"flows.{name}")
    build: Callable[..., Dataflow] = module.flow
    if name != "signals":
        return name, build(run, stop)
    own = parse_shards(shards or f"0-{run.partitions - 1}", run.partitions)
    return f"signals-{own[0]}-{own[-1]}", build(run, stop, own)
