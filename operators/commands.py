"""Commands: let in once each, in the order of the log."""

from messages.control import Command
from operators.blocks import Block, Event
from operators.states import State


class CommandsState(State):
    """The ids of the commands let in, sorted."""

    accepted: list[str]


class AcceptCommands:
    """Passes each command on once; a repeated id is the same command."""

    def __init__(self, state: CommandsState | None = None) -> None:
        """Start empty or from a snapshot."""
        self._seen = set(state.accepted if state else ())

    def step(self, block: Block) -> Block:
        """Let new commands through with the empty key, so that they come first at their stamp."""
        out: list[Event] = []
        for event in block.events:
            if not isinstance(event.body, Command):
                out.append(event)
            elif event.body.id not in self._seen:
                self._seen.add(event.body.id)
                out.append(Event(event.stamp, "", event.body))
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> CommandsState:
        """Return the ids let through."""
        return CommandsState(accepted=sorted(self._seen))
