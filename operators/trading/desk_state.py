"""What the desk keeps from block to block."""

from datetime import datetime

from messages.trading import TradingState
from operators.states import State
from operators.trading.account import AccountState
from operators.trading.last_bar import BarMemory
from operators.trading.orders import Order
from operators.trading.outside_broker import OutsideBrokerState
from operators.trading.trading_state import Orderer


class DeskState(State):
    """Account, orders, marks, timers and trading state.

    Attributes:
        last_bars: ticker -> start of its last good bar.
        orders: those that have not ended, in the order they were placed.
        exits: ticker -> stamp of its last exit.
        flattening: who wants every position closed and the account halted then; None: nobody.
        commands: ids of the commands taken, sorted.
        snapshot_due, close_due: stamps of the timers; NEVER where not armed.
        broker: what an outside broker has told; None where orders are filled in here.
    """

    account: AccountState
    last_bars: dict[str, datetime]
    orders: list[Order]
    exits: dict[str, int]
    bars: dict[str, BarMemory]
    state: TradingState
    flattening: Orderer | None
    commands: list[str]
    snapshot_due: int
    close_due: int
    broker: OutsideBrokerState | None
