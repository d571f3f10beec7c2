"""The seam to Bytewax: operators as steps, outputs to topics, one run with recovery."""

import gc
import shutil
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream, StatefulBatchLogic
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main
from msgspec import Struct

from connectors.kafka.sink import Outbox
from messages.base import Message
from messages.control import DeadLetter
from messages.topics import Topic
from operators.blocks import Block, Event, Operator

Build = Callable[[Any], Operator]
STATE_VERSION: Final = 1
EPOCH: Final = timedelta(seconds=1)


class IncompatibleState(RuntimeError):
    """A recovery directory was written by another version of the program.

    Operator action: remove the flow's recovery directory; it is rebuilt from the topics.
    """


class OperatorStep(StatefulBatchLogic[Block, Block, Any]):
    """Runs an operator inside Bytewax, one instance per shard."""

    def __init__(self, operator: Operator) -> None:
        """Take over a built or resumed operator."""
        self._operator = operator

    def on_batch(self, values: list[Block]) -> tuple[list[Block], bool]:
        """Step through blocks in order; the state is kept."""
        return [self._operator.step(block) for block in values], False

    def on_eof(self) -> tuple[list[Block], bool]:
        """Do nothing: the end of input is said by the log, not by the engine."""
        return [], False

    def snapshot(self) -> tuple[int, Any]:
        """Return the operator's state with the version of its form."""
        return STATE_VERSION, self._operator.snapshot()


def step(step_id: str, up: KeyedStream[Block], build: Build) -> KeyedStream[Block]:
    """Add an operator; `build(None)` makes it anew, `build(state)` resumes it."""

    def resume(state: tuple[int, Any] | None) -> OperatorStep:
        if state is None:
            return OperatorStep(build(None))
        version, inner = state
        if version != STATE_VERSION:
            reason = f"step {step_id}: state version {version}, this program writes {STATE_VERSION}"
            raise IncompatibleState(reason)
        return OperatorStep(build(inner))

    return op.stateful_batch(step_id, up, resume)


def route(up: KeyedStream[Block], outputs: Collection[Topic[Message]]) -> KeyedStream[Outbox]:
    """Send each event to the topic of its type; dead letters to `<their topic>.dlq`.

    Events of other types, and dead letters of topics that another flow owns, go nowhere: every
    reader skips an unreadable record, its owner alone writes it down.
    """
    dead = {t.name: t for t in outputs if t.schema is DeadLetter}
    plain: dict[type[Struct], Topic[Message]] = {
        t.schema: t for t in outputs if t.schema is not DeadLetter
    }

    def target(event: Event) -> Topic[Message] | None:
        if isinstance(event.body, DeadLetter):
            return dead.get(f"{event.body.topic}.dlq")
        return plain.get(type(event.body))

    def outbox(block: Block) -> Outbox:
        records = [(topic, e) for e in block.events if (topic := target(e)) is not None]
        return Outbox(records, block.frontier, block.ended)

    return op.map_value("route", up, outbox)


def run(dataflow: Dataflow, recovery: Path, epoch: timedelta = EPOCH) -> None:
    """Run a dataflow to its end with one worker; resumes from the recovery directory.

    Assumes that no other process uses the directory. After SIGTERM (see `StopFlag`) it takes a
    last snapshot and returns.
    """
    if not recovery.exists():
        _make_recovery(recovery)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    cli_main(
        dataflow,
        epoch_interval=epoch,
        recovery_config=RecoveryConfig(str(recovery), timedelta(0)),
    )


def _make_recovery(directory: Path) -> None:
    """Make an empty recovery directory, whole or not at all: a crash may come in between."""
    draft = directory.with_name(f".{directory.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    init_db_dir(draft, 1)
    draft.rename(directory)
