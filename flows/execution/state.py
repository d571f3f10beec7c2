"""What the order machine keeps from snapshot to snapshot."""

from decimal import Decimal
from typing import Final

from messages.trading import Leg, OrderRequest, OrderStatus
from operators.states import State

NEVER: Final = 2**63 - 1


class LegLife(State):
    """One leg that a broker holds beside an entry.

    Attributes:
        id: the broker's.
        role: which one.
        qty: shares that it may close, known with its first fill; 0 before.
        total: shares that the broker says are filled; filled: of these, told.
        executions: ids of the fills that were told.
        final: how it ended by the broker's word; None while it works.
        reason: the broker's.
        works: it was said to work.
        ended_at: when its end was said, microseconds; 0 before.
    """

    id: str
    role: Leg
    qty: int
    total: int
    filled: int
    executions: list[str]
    final: OrderStatus | None
    reason: str
    works: bool
    ended_at: int


class BracketLife(State):
    """The legs of an entry.

    Attributes:
        legs: as far as they are known.
        known: no others are there.
        release: they are to be cancelled.
        due: when to look them up, microseconds; NEVER while nothing is doubtful.
        tries: look-ups and cancels in a row.
    """

    legs: list[LegLife]
    known: bool
    release: bool
    due: int
    tries: int


class OrderLife(State):
    """One order from its request to its end, and what is known of it.

    Attributes:
        broker_id: the broker's id; empty until it is known to have it.
        status: the last that was said.
        final: how it ended by the broker's word, while fills of it are still to be told.
        filled: shares told as filled; executions: ids of those fills.
        maybe_sent: it may be at the broker though nothing is known of it.
        unsure_at: when it was last sent without an answer, microseconds; 0 where nothing of it can
            be on its way.
        asked_at: when it was last looked up, microseconds.
        tries: in a row that brought nothing.
        due: when to go on with it, microseconds; NEVER while something is under way or waited for.
        unwanted: to be cancelled as soon as it is known to be there.
        ended_at: when its end was said, microseconds; 0 while it is open.
        sent: shares that were asked of the broker: fewer than requested where a leg was faster.
        bracket: the legs beside it; None for an order without.
    """

    request: OrderRequest
    broker_id: str
    status: OrderStatus
    final: OrderStatus | None
    filled: int
    executions: list[str]
    maybe_sent: bool
    unsure_at: int
    asked_at: int
    tries: int
    due: int
    unwanted: bool
    ended_at: int
    sent: int
    bracket: BracketLife | None


class MachineState(State):
    """The order machine.

    Attributes:
        lives: in the order of their requests.
        held: ticker -> signed shares by our own fills.
        unmanaged: ticker -> shares that were there before them; None before the first look.
        blocked: no entry is sent: trading is reduced or halted.
        heard_up: the update stream was last said to be up.
        ready: entries may go out by what was last said.
        mismatches: looks in a row that found other positions than are expected.
        reconciled_at: the last look that found all as expected, or the very beginning,
            microseconds.
        look_at: when to look again, microseconds.
        commands: ids of the commands taken, sorted.
        adopting: the command by which the account is to be adopted once nothing is open; empty for
            none.
        account_id: the broker's, of the account that the run trades; empty before the first look.
        adopted_at: when it was; what was asked for before is not sent any more, microseconds.
    """

    lives: list[OrderLife]
    held: dict[str, int]
    unmanaged: dict[str, Decimal] | None
    blocked: bool
    heard_up: bool
    ready: bool
    mismatches: int
    reconciled_at: int
    look_at: int
    commands: list[str]
    adopting: str
    adopted_at: int
    account_id: str
