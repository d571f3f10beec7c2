"""flows/control: control.commands -> control.accepted, the same copy on every partition."""

from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.envelope import Envelope
from connectors.runs import Run
from flows.pipeline.assembly import Stopping, between_topics
from flows.pipeline.checkpoints import checkpoint_store
from flows.pipeline.engine import step
from messages.topics import CONTROL_ACCEPTED, CONTROL_COMMANDS
from operators.commands import AcceptCommands, CommandsState

READS = (CONTROL_COMMANDS,)
WRITES = (CONTROL_ACCEPTED, CONTROL_COMMANDS.dead_letters)


def wire(commands: KeyedStream[Envelope]) -> KeyedStream[Envelope]:
    """Let each command in once."""
    return step("accept", commands, AcceptCommands, CommandsState)


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Commands come unstamped from outside and take the clock of their partition."""
    return between_topics(
        "control", run.layout, READS, wire, WRITES, stopping, store=checkpoint_store(run, "control")
    )
