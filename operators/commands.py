"""Commands: let in once each, in the order of the log."""

from typing import Any

from messages.control import Command
from operators.blocks import Block, Event


class AcceptCommands:
    """Passes each command on once; a repeated id is the same command."""

    def __init__(self, state: list[str] | None = None) -> None:
        """Start empty or from a snapshot."""
        self._seen = set(state or ())

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

    def snapshot(self) -> Any:
        """Return the ids let through."""
        return sorted(self._seen)
