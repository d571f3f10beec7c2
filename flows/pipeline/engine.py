"""The seam to Bytewax: operators as steps, outputs to topics, one run with recovery."""

import gc
import logging
import pickle
import shutil
import time
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

from connectors.archive.checkpoints import STATE_VERSION, load
from connectors.kafka.sink import Outbox
from connectors.telemetry import STEP_SECONDS
from messages.base import Message
from messages.control import DeadLetter
from messages.topics import Topic
from operators.blocks import Block, Event, Operator

Build = Callable[[Any], Operator]
log = logging.getLogger(__name__)
VERSION_FILE: Final = "state-version"
EPOCH: Final = timedelta(seconds=1)


class OperatorStep(StatefulBatchLogic[Block, Block, Any]):
    """Runs an operator inside Bytewax, one instance per shard."""

    def __init__(self, step_id: str, operator: Operator, build: Build) -> None:
        """Take over a built or resumed operator."""
        self._step_id = step_id
        self._labels = {"step": step_id}
        self._operator = operator
        self._build = build

    def on_batch(self, values: list[Block]) -> tuple[list[Block], bool]:
        """Step through blocks in order; the state is kept."""
        return [self._step(block) for block in values], False

    def _step(self, block: Block) -> Block:
        if block.origin is not None:
            self._operator = self._build(load(block.origin[self._step_id]))
            return block
        began = time.perf_counter()
        out = self._operator.step(block)
        STEP_SECONDS.record(time.perf_counter() - began, self._labels)
        if (barrier := block.barrier) is None:
            return out
        steps = {**barrier.steps, self._step_id: pickle.dumps(self._operator.snapshot())}
        return out._replace(barrier=barrier._replace(steps=steps))

    def on_eof(self) -> tuple[list[Block], bool]:
        """Do nothing: the end of input is said by the log, not by the engine."""
        return [], False

    def snapshot(self) -> Any:
        """Return the operator's state."""
        return self._operator.snapshot()


def step(step_id: str, up: KeyedStream[Block], build: Build) -> KeyedStream[Block]:
    """Add an operator; `build(None)` makes it anew, `build(state)` resumes it."""

    def resume(state: Any | None) -> OperatorStep:
        return OperatorStep(step_id, build(state), build)

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
        if isinstance(letter := event.body, DeadLetter):
            topic = dead.get(f"{letter.topic}.dlq")
            if topic is not None:
                extra = {"record": letter.id, "reason": letter.reason}
                log.info("dead letter: %s", letter.detail, extra=extra)
            return topic
        return plain.get(type(event.body))

    def outbox(block: Block) -> Outbox:
        records = [(topic, e) for e in block.events if (topic := target(e)) is not None]
        return Outbox(records, block.frontier, block.ended, block.barrier)

    return op.map_value("route", up, outbox)


def run(dataflow: Dataflow, recovery: Path, epoch: timedelta = EPOCH) -> None:
    """Run a dataflow to its end with one worker; resumes from the recovery directory.

    Assumes that no other process uses the directory. After SIGTERM (see `StopFlag`) it takes a
    last snapshot and returns. A directory that another version of the program wrote is put
    aside: the flow starts from the archive's kept state, or from the beginning of its topics.
    """
    if recovery.exists() and not _readable(recovery):
        aside = recovery.with_name(f"{recovery.name}.other-version")
        shutil.rmtree(aside, ignore_errors=True)
        recovery.rename(aside)
        log.warning("%s is another version's, put aside as %s", recovery, aside.name)
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


def _readable(recovery: Path) -> bool:
    file = recovery / VERSION_FILE
    return file.exists() and file.read_text() == str(STATE_VERSION)


def _make_recovery(directory: Path) -> None:
    """Make an empty recovery directory, whole or not at all: a crash may come in between."""
    draft = directory.with_name(f".{directory.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    init_db_dir(draft, 1)
    (draft / VERSION_FILE).write_text(str(STATE_VERSION))
    draft.rename(directory)
