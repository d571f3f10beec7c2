"""flows/control: control.commands and control.requests -> control.accepted, on every partition."""

from functools import partial

from bytewax.dataflow import Dataflow
from bytewax.operators import KeyedStream

from connectors.envelope import Envelope
from connectors.runs import Run
from connectors.user_strategies import strategy_names
from flows.pipeline.assembly import Stopping, between_topics
from flows.pipeline.checkpoints import checkpoint_store
from flows.pipeline.engine import step
from messages.flows import PAPER
from operators.commands import AcceptCommands, CommandsState
from operators.params import Params

FLOW = PAPER["control"]


def wire(commands: KeyedStream[Envelope], params: Params) -> KeyedStream[Envelope]:
    """Let each command in once."""
    accept = partial(
        AcceptCommands,
        outside=params.control.outside_commands,
        strategies=strategy_names(params),
    )
    return step("accept", commands, accept, CommandsState)


def flow(run: Run, stopping: Stopping) -> Dataflow:
    """Commands come unstamped from outside and take the clock of their partition."""
    return between_topics(
        FLOW,
        run.layout,
        lambda s: wire(s, run.rules),
        stopping,
        store=checkpoint_store(run, "control"),
    )
