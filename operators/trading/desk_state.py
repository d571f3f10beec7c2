"""What the desk keeps from block to block, and its trading states."""

from datetime import datetime
from typing import Final, Literal

from operators.states import State
from operators.trading.account import AccountState
from operators.trading.last_bar import BarMemory
from operators.trading.orders import Order

TradingState = Literal["ACTIVE", "PAUSED", "REDUCING", "HALTED"]

# The state that a command asks for.
STATES: Final[dict[str, TradingState]] = {
    "pause": "PAUSED",
    "resume": "ACTIVE",
    "reduce": "REDUCING",
    "halt": "HALTED",
}


class DeskState(State):
    """Account, orders, marks, timers and trading state.

    Attributes:
        last_bars: ticker -> start of its last good bar.
        orders: those that have not ended, in the order they were placed.
        exits: ticker -> stamp of its last exit.
        commands: ids of the commands taken, sorted.
        snapshot_due, close_due: stamps of the timers; NEVER where not armed.
    """

    account: AccountState
    last_bars: dict[str, datetime]
    orders: list[Order]
    exits: dict[str, int]
    bars: dict[str, BarMemory]
    state: TradingState
    flattening: bool
    commands: list[str]
    snapshot_due: int
    close_due: int
