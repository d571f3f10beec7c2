"""Switches: commands in, which strategies are off."""

from collections.abc import Sequence

from messages.control import FOR_A_STRATEGY, Command


class Switches:
    """The strategies that commands have switched off; a repeated command is the same one.

    Attributes:
        off: names of the strategies that are off now.
    """

    def __init__(self, off: Sequence[str] = (), taken: Sequence[str] = ()) -> None:
        """Start with all on, or from a snapshot: what is off, and the ids of commands taken."""
        self.off = set(off)
        self._taken = set(taken)

    def take(self, command: Command) -> None:
        """Switch a strategy off or on; other commands are somebody else's business."""
        if command.kind not in FOR_A_STRATEGY or command.id in self._taken:
            return
        self._taken.add(command.id)
        if command.kind == "disable_strategy":
            self.off.add(command.strategy)
        else:
            self.off.discard(command.strategy)

    def snapshot(self) -> tuple[list[str], list[str]]:
        """Return what is off and the ids of commands taken, both in order."""
        return sorted(self.off), sorted(self._taken)
