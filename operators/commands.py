"""Commands: let in once each, in the order of the log."""

from typing import Final

from messages.base import make_id
from messages.control import Command, CommandRequest, DeadLetter
from operators.blocks import Block, Event
from operators.refusals import refusal
from operators.states import State

OUTSIDE: Final = "outside:"
WHO_CHARS: Final = 200


class CommandsState(State):
    """The ids of the commands let in, sorted."""

    accepted: list[str]


class AcceptCommands:
    """Passes each command on once; a repeated id is the same command.

    What outsiders ask for becomes a command where they may command, and a dead letter elsewhere.
    """

    def __init__(self, state: CommandsState | None = None, *, outside: bool = False) -> None:
        """Start empty or from a snapshot; `outside`: requests of outsiders are let in."""
        self._outside = outside
        self._seen = set(state.accepted if state else ())

    def step(self, block: Block) -> Block:
        """Let new commands through with the empty key, so that they come first at their stamp."""
        out: list[Event] = []
        for event in block.events:
            body = event.body
            if isinstance(body, CommandRequest):
                if not self._outside:
                    out.append(Event(event.stamp, event.key, _refused(body, event.stamp)))
                    continue
                body = _as_command(body)
            if not isinstance(body, Command):
                out.append(event)
            elif body.id not in self._seen:
                self._seen.add(body.id)
                out.append(Event(event.stamp, "", body))
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> CommandsState:
        """Return the ids let through."""
        return CommandsState(accepted=sorted(self._seen))


def _as_command(request: CommandRequest) -> Command:
    """Return an outsider's request as a command that says so, and takes nobody's id."""
    return Command(
        id=make_id("cmd", OUTSIDE, request.id), event_time=request.event_time,
        causes=request.causes, kind=request.kind, ticker=request.ticker,
        who=f"{OUTSIDE}{request.who}"[:WHO_CHARS], why=request.why, strategy=request.strategy,
        execution=request.execution, qty=request.qty, price=request.price, cash=request.cash,
    )  # fmt: skip


def _refused(request: CommandRequest, stamp: int) -> DeadLetter:
    detail = f"{request.kind} by {request.who}: TIDEWIRE_CONTROL__OUTSIDE_COMMANDS is off"
    return refusal(request, "control.requests", stamp, "OUTSIDE_COMMANDS_OFF", detail)
