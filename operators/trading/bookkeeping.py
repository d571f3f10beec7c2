"""The bookkeeper: what becomes of orders, booked in the account and written down."""

from collections.abc import Iterable
from typing import Literal

from operators.blocks import Event
from operators.params import RiskParams
from operators.trading.account import Account, Fill
from operators.trading.events import EventFactory, execution_id
from operators.trading.fills import Execution
from operators.trading.orders import Order, OrderBook
from operators.trading.trading_state import TradingStates

Ending = Literal["EXPIRED", "CANCELLED", "REJECTED", "REPLACED"]


class Bookkeeper:
    """Books executions and ends of open orders, wherever they come from.

    Attributes:
        exits: ticker -> stamp of its last exit.
    """

    def __init__(
        self, account: Account, orders: OrderBook, events: EventFactory, states: TradingStates,
        risk: RiskParams, exits: dict[str, int],
    ) -> None:  # fmt: skip
        """Keep the books of an account; the parts belong to the desk."""
        self._account, self._orders = account, orders
        self._events, self._states, self._risk = events, states, risk
        self.exits = exits

    def book(self, stamp: int, executions: Iterable[Execution], out: list[Event]) -> None:
        """Book what a broker says of open orders, one after the other."""
        for execution in executions:
            if execution.ends and not execution.qty:
                self.end(stamp, [self._orders[execution.order_id]], execution.ends, out)
                continue
            order, status = self._orders.fill(execution.order_id, execution.qty)
            id_ = execution_id(order.id, order.fills)
            fill = Fill(
                stamp, order.ticker, execution.qty, execution.price, execution.commission,
                order.trade_id, order.signal_id, id_,
            )  # fmt: skip
            self._account.mark(order.ticker, execution.mark)
            held = self._account.positions.get(order.ticker)
            pnl = self._account.apply(fill)
            life = held.life(execution.mark) if held is not None and pnl is not None else None
            out.append(self._events.executed(stamp, order, fill, pnl, status, life))
            if order.ticker not in self._account.positions:
                self.exits[order.ticker] = stamp
            position = self._events.position(
                stamp, order.ticker, self._account, id_, pnl or 0, self._risk
            )
            out.append(position)
            if execution.ends:
                self.end(stamp, [order], execution.ends, out)
            self._states.finish_flatten(stamp, self._account.positions, out)

    def end(self, stamp: int, orders: list[Order], status: Ending, out: list[Event]) -> None:
        """End orders without a further fill."""
        for order in orders:
            self._orders.end(order.id)
            out.append(self._events.executed(stamp, order, None, None, status))
