"""How large an entry is, what it takes with all its costs, and the cash that is free for it."""

from typing import NamedTuple

from operators.params import Params
from operators.trading.account import Account
from operators.trading.arithmetic import (
    entry_cost,
    entry_shares,
    exit_reserve,
    round_trip_fees,
)
from operators.trading.last_bar import LastBar


class Size(NamedTuple):
    """An entry's signed shares, what they take, and the fees of both sides, units."""

    qty: int = 0
    cost: int = 0
    fees: int = 0


class Sizing:
    """Sizes entries by the parameters; keeps nothing."""

    def __init__(self, params: Params) -> None:
        """Take the share of equity and the costs."""
        self._bps, self._net = params.risk.position_bps, params.risk.net_of_costs
        self._costs = params.fills.costs

    def size(self, equity: int, side: int, last: LastBar | None) -> Size:
        """Return an entry's size at the last price; nothing without one."""
        if last is None:
            return Size()
        price, volume, costs = last.price, last.volume, self._costs
        qty = entry_shares(equity, price, self._bps, side, volume, costs, self._net)
        fees = round_trip_fees(price, qty, costs)
        return Size(qty, entry_cost(price, qty, volume, costs), fees)

    def free_cash(self, account: Account) -> int:
        """Return the cash that the exits of what is held do not reserve, units."""
        return account.cash - exit_reserve(account.shares, len(account.positions), self._costs)
