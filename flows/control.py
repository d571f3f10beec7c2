"""flows/control: control.commands -> control.accepted, the same copy on every partition."""

from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.envelope import Envelope
from connectors.runs import Run
from flows.pipeline.assembly import Stopping, between_topics
from flows.pipeline.checkpoints import checkpoint_store
from flows.pipeline.engine import step
from messages.flows import PAPER
from operators.commands import AcceptCommands, CommandsState
from operators.params import Params

FLOW = PAPER["control"]


def wire(commands: KeyedStream[Envelope], _params: Params) -> KeyedStream[Envelope]:
    """Let each command in once."""
    return step("accept", commands, AcceptCommands, CommandsState)


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Commands come unstamped from outside and take the clock of their partition."""
    return between_topics(
        FLOW,
        run.layout,
        lambda s: wire(s, run.rules),
        stopping,
        store=checkpoint_store(run, "control"),
    )
