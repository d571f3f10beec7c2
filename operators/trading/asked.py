"""What was asked of the desk, with everything that the checks looked at: for explanations."""

from collections.abc import Callable
from typing import NamedTuple

from messages.trading import Decision
from operators.checks import Ask
from operators.trading.account import Position


class EntryAsked(NamedTuple):
    """An entry that was asked for, with everything that the checks looked at."""

    ticker: str
    ask: Ask


class ExitAsked(NamedTuple):
    """An exit that was asked for.

    Attributes:
        position: to be closed; None when there is none.
        price: last price, units; None when there is none.
        is_open: it lies in a regular session.
    """

    stamp: int
    ticker: str
    position: Position | None
    price: int | None
    is_open: bool


Watch = Callable[[Decision, EntryAsked | ExitAsked], None]
