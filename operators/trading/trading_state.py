"""The trading state of an account: what commands ask for, and what follows from a flatten."""

from collections.abc import Sized
from typing import Final, NamedTuple

from messages.control import Command
from messages.trading import TradingState
from operators.blocks import Event
from operators.trading.events import EventFactory

# The state that a command asks for, at once.
STATES: Final[dict[str, TradingState]] = {
    "pause": "PAUSED",
    "resume": "ACTIVE",
    "reduce": "REDUCING",
    "flatten": "REDUCING",
    "halt": "HALTED",
}


class Orderer(NamedTuple):
    """Whose command it was: its id, who and why."""

    command_id: str
    who: str
    why: str


class TradingStates:
    """Keeps the state and says each change.

    Attributes:
        now: the state.
        flattening: who wants every position closed and the account halted then; None: nobody.
    """

    def __init__(
        self, events: EventFactory, now: TradingState = "ACTIVE", flattening: Orderer | None = None
    ) -> None:
        """Start active or from a snapshot."""
        self._events = events
        self.now = now
        self.flattening = flattening

    def obey(self, stamp: int, command: Command, out: list[Event]) -> None:
        """Go to the state that a command of `STATES` asks for; the newest word counts."""
        by = Orderer(command.id, command.who, command.why)
        self.flattening = by if command.kind == "flatten" else None
        self._go_to(STATES[command.kind], stamp, by, out)

    def finish_flatten(self, stamp: int, positions: Sized, out: list[Event]) -> None:
        """Halt once a flatten has nothing left to close."""
        if self.flattening is not None and not positions:
            by, self.flattening = self.flattening, None
            self._go_to("HALTED", stamp, by, out, flattened=True)

    def _go_to(
        self, state: TradingState, stamp: int, by: Orderer, out: list[Event], *,
        flattened: bool = False,
    ) -> None:  # fmt: skip
        causes = (by.command_id, by.who, by.why)
        out.append(self._events.state(stamp, self.now, state, *causes, flattened=flattened))
        self.now = state
