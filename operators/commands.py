"""Commands: let in once each, in the order of the log."""

from collections.abc import Sequence
from typing import Final

from messages.base import make_id
from messages.control import FOR_A_STRATEGY, Command, CommandRequest, DeadLetter
from messages.topics import CONTROL_COMMANDS, CONTROL_REQUESTS
from operators.blocks import Block, Event
from operators.params import STRATEGIES
from operators.refusals import refusal
from operators.states import State

OUTSIDE: Final = "outside:"
WHO_CHARS: Final = 200


class CommandsState(State):
    """The ids of the commands let in, sorted."""

    accepted: list[str]


class AcceptCommands:
    """Passes each command on once; a repeated id is the same command.

    What outsiders ask for becomes a command where they may command, and a dead letter elsewhere; so
    does a command for a strategy that the run does not have.
    """

    def __init__(
        self, state: CommandsState | None = None, *, outside: bool = False,
        strategies: Sequence[str] = STRATEGIES,
    ) -> None:  # fmt: skip
        """Start empty or from a snapshot.

        Args:
            state: a snapshot.
            outside: requests of outsiders are let in.
            strategies: names of the run's.
        """
        self._outside, self._strategies = outside, strategies
        self._seen = set(state.accepted if state else ())

    def step(self, block: Block) -> Block:
        """Let new commands through with the empty key, so that they come first at their stamp."""
        out: list[Event] = []
        for event in block.events:
            asked = event.body
            if not isinstance(asked, Command):
                out.append(event)
                continue
            letter = self._refused(asked, event.stamp)
            if letter is not None:
                out.append(Event(event.stamp, event.key, letter))
                continue
            command = _as_command(asked) if isinstance(asked, CommandRequest) else asked
            if command.id not in self._seen:
                self._seen.add(command.id)
                out.append(Event(event.stamp, "", command))
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> CommandsState:
        """Return the ids let through."""
        return CommandsState(accepted=sorted(self._seen))

    def _refused(self, asked: Command, stamp: int) -> DeadLetter | None:
        """Return why a command is not let in; None where it is."""
        topic = CONTROL_COMMANDS
        if isinstance(asked, CommandRequest):
            topic = CONTROL_REQUESTS
            if not self._outside:
                detail = f"{asked.kind} by {asked.who}: TIDEWIRE_CONTROL__OUTSIDE_COMMANDS is off"
                return refusal(asked, topic.name, stamp, "OUTSIDE_COMMANDS_OFF", detail)
        if asked.kind in FOR_A_STRATEGY and asked.strategy not in self._strategies:
            detail = f"there is no strategy {asked.strategy}, but {', '.join(self._strategies)}"
            return refusal(asked, topic.name, stamp, "NO_SUCH_STRATEGY", detail)
        return None


def _as_command(request: CommandRequest) -> Command:
    """Return an outsider's request as a command that says so, and takes nobody's id."""
    return Command(
        id=make_id("cmd", OUTSIDE, request.id), event_time=request.event_time,
        causes=request.causes, kind=request.kind, ticker=request.ticker,
        who=f"{OUTSIDE}{request.who}"[:WHO_CHARS], why=request.why, strategy=request.strategy,
        execution=request.execution, qty=request.qty, price=request.price, cash=request.cash,
    )  # fmt: skip
