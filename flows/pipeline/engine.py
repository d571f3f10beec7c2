"""The seam to Bytewax: operators as steps, outputs to topics, one run with recovery."""

import logging
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

from connectors.archive.checkpoints import STATE_VERSION
from connectors.envelope import SINK, Envelope
from connectors.garbage import settle_memory
from connectors.kafka.sink import Outbox
from connectors.recovery_guard import vouch_for_recovery
from connectors.telemetry import STEP_SECONDS
from messages.base import Message
from messages.control import DeadLetter
from messages.errors import TidewireError
from messages.flows import FlowSpec
from messages.topics import Topic
from operators.blocks import Event, Operator
from operators.states import State, decode_state, encode_state

log = logging.getLogger(__name__)
VERSION_FILE: Final = "state-version"
EPOCH: Final = timedelta(seconds=1)
NOTHING_INTERNAL: Final[frozenset[type[Struct]]] = frozenset()


class OperatorStep(StatefulBatchLogic[Envelope, Envelope, bytes]):
    """Runs an operator inside Bytewax, one instance per shard.

    What Bytewax keeps of it are encoded states: bytes that can run no code.
    """

    def __init__(
        self, step_id: str, build: Callable[[Any], Operator], kind: type[State],
        state: bytes | None = None,
    ) -> None:  # fmt: skip
        """Build the operator anew, or from an encoded state."""
        self._step_id = step_id
        self._labels = {"step": step_id}
        self._build = build
        self._kind = kind
        self._operator = build(None if state is None else decode_state(state, kind))

    def on_batch(self, values: list[Envelope]) -> tuple[list[Envelope], bool]:
        """Step through blocks in order; the state is kept."""
        return [self._step(envelope) for envelope in values], False

    def _step(self, envelope: Envelope) -> Envelope:
        block, barrier, origin = envelope
        if origin is not None:
            self._operator = self._build(decode_state(envelope.state_of(self._step_id), self._kind))
            return envelope
        began = time.perf_counter()
        out = self._operator.step(block)
        STEP_SECONDS.record(time.perf_counter() - began, self._labels)
        if barrier is not None:
            barrier = barrier.with_step(self._step_id, self.snapshot())
        return Envelope(out, barrier)

    def on_eof(self) -> tuple[list[Envelope], bool]:
        """Do nothing: the end of input is said by the log, not by the engine."""
        return [], False

    def snapshot(self) -> bytes:
        """Return the operator's encoded state."""
        return encode_state(self._operator.snapshot())


def step(
    step_id: str, up: KeyedStream[Envelope], build: Callable[[Any], Operator], kind: type[State]
) -> KeyedStream[Envelope]:
    """Add an operator to a flow.

    Args:
        step_id: names its state in checkpoints; unique within the flow.
        up: the stream of the step before.
        build: `build(None)` makes the operator anew, `build(state)` resumes it.
        kind: of its states.
    """

    def resume(state: bytes | None) -> OperatorStep:
        return OperatorStep(step_id, build, kind, state)

    return op.stateful_batch(step_id, up, resume)


class UnknownEvent(TidewireError, RuntimeError):
    """A flow made, or let pass, an event that it neither publishes nor declares internal.

    Operator action: report it as a fault of the program; the flow table lacks a topic.
    """


def route(
    up: KeyedStream[Envelope], spec: FlowSpec, internal: Collection[type[Struct]]
) -> KeyedStream[Outbox]:
    """Send each event to the topic of its type; dead letters to `<their topic>.dlq`.

    Every flow that reads a topic sees its unreadable records as dead letters; only the flow whose
    writes contain `<topic>.dlq` publishes them. Internal event types are not published. Anything
    else is a fault, and stops the flow (`UnknownEvent`) before it loses a fact.
    """
    target = targets_of(spec, internal)

    def outbox(envelope: Envelope) -> Outbox:
        block = envelope.block
        records = [(topic, e) for e in block.events if (topic := target(e)) is not None]
        origin = (envelope.origin or {}).get(SINK)
        return Outbox(records, block.frontier, block.ended, envelope.barrier, origin)

    return op.map_value("route", up, outbox)


def targets_of(
    spec: FlowSpec, internal: Collection[type[Struct]]
) -> Callable[[Event], Topic[Message] | None]:
    """Return what names the topic of an event; None for what is not published."""
    dead = {t.name: t for t in spec.writes if t.schema is DeadLetter}
    plain: dict[type[Struct], Topic[Message]] = {
        t.schema: t for t in spec.writes if t.schema is not DeadLetter
    }
    read = {t.name for t in spec.reads}

    def target(event: Event) -> Topic[Message] | None:
        body = event.body
        topic = plain.get(type(body))
        if topic is not None:
            return topic
        if isinstance(body, DeadLetter):
            topic = dead.get(f"{body.topic}.dlq")
            if topic is not None:
                log.info(
                    "dead letter: %s", body.detail, extra={"record": body.id, "reason": body.reason}
                )
                return topic
            if body.topic in read:
                return None  # another reader's to publish
        elif type(body) in internal:
            return None
        reason = (
            f"flow {spec.name} has no topic for a {type(body).__name__} at {event.stamp}, key "
            f"{event.key!r}: report it; the flow table (messages/flows.py) lacks it."
        )
        raise UnknownEvent(reason)

    return target


def run(dataflow: Dataflow, recovery: Path, epoch: timedelta = EPOCH) -> None:
    """Run a dataflow to its end with one worker; resumes from the recovery directory.

    Assumes that no other process uses the directory. After SIGTERM (see `StopFlag`) it takes a
    last snapshot and returns. A directory that another version of the program wrote is put
    aside: the flow starts from the newest checkpoint, or from the beginning of its topics.

    Raises:
        RecoveryForeign: the directory holds what this program cannot have written.
    """
    if recovery.exists() and not _readable(recovery):
        aside = recovery.with_name(f"{recovery.name}.other-version")
        shutil.rmtree(aside, ignore_errors=True)
        recovery.rename(aside)
        log.warning("%s is another version's, put aside as %s", recovery, aside.name)
    if not recovery.exists():
        _make_recovery(recovery)
    vouch_for_recovery(recovery)
    settle_memory()
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
    draft.mkdir(mode=0o700, parents=True)
    init_db_dir(draft, 1)
    (draft / VERSION_FILE).write_text(str(STATE_VERSION))
    draft.rename(directory)
