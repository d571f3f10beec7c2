"""The desk's event factory: decisions, orders, executions and positions as messages."""

from typing import Final, NamedTuple

from messages.base import make_id
from messages.trading import (
    Cause,
    CheckResult,
    Decision,
    OrderRequest,
    OrderStatus,
    PortfolioSnapshot,
    PositionChanged,
    TradeExecution,
    TradingState,
    TradingStateChanged,
)
from messages.units import UNITS_PER_DOLLAR, to_datetime, to_dollars, to_money
from operators.bar_filter import HISTORY_US
from operators.blocks import Event
from operators.checks import UNKNOWN, Denial
from operators.params import RiskParams
from operators.trading.account import Account, Fill
from operators.trading.legs import NO_LEGS, Beside
from operators.trading.orders import Order
from operators.trading.protection import levels

VALID_FOR_US = HISTORY_US
LARGEST: Final = 10_000_000 * UNITS_PER_DOLLAR  # of `Price`


class Request(NamedTuple):
    """Who asks for what: the seed of a decision's id, its cause and what it came from."""

    seed: tuple[object, ...]
    cause: Cause
    signal_id: str
    causes: tuple[str, ...]


def execution_id(order_id: str, number: int) -> str:
    """Return the id of an order's execution of a number, from 1."""
    return make_id("exe", order_id, number)


def _price(level: int | None) -> float | None:
    """Return a level as a price on the wire; None for one that no price can reach."""
    return None if level is None or level > LARGEST else to_dollars(max(1, level))


class EventFactory:
    """Makes the messages of one account.

    Attributes:
        name: of the account.
    """

    def __init__(self, account: str) -> None:
        """Write for one account."""
        self.name = self._account = account

    def decide(
        self, stamp: int, ticker: str, qty: int, request: Request, denial: Denial | None,
        results: tuple[CheckResult, ...] = (),
    ) -> Decision:  # fmt: skip
        """Answer a request: accepted, or denied and why; with what every check measured."""
        return Decision(
            id=make_id("dec", self._account, *request.seed),
            causes=request.causes,
            event_time=to_datetime(stamp),
            account=self._account,
            ticker=ticker,
            side="BUY" if qty > 0 else "SELL",
            accepted=denial is None,
            cause=request.cause,
            signal_id=request.signal_id,
            code=denial.code if denial else "ACCEPTED",
            limit=denial.limit if denial else "",
            actual=denial.actual if denial else "",
            checks=results,
        )

    def order(self, decision: Decision, order: Order, beside: Beside = NO_LEGS) -> Event:
        """Write down an order before anything is sent, or one that is a leg at the broker."""
        stamp = order.decided
        body = OrderRequest(
            id=order.id,
            causes=(decision.id,),
            event_time=to_datetime(stamp),
            account=self._account,
            client_order_id=order.id,
            decision_id=decision.id,
            signal_id=order.signal_id,
            ticker=order.ticker,
            side="BUY" if order.qty > 0 else "SELL",
            qty=abs(order.qty),
            valid_until=to_datetime(stamp + VALID_FOR_US),
            reduces=not order.enters,
            stop_price=to_dollars(beside.stop) if beside.stop else None,
            target_price=to_dollars(beside.target) if beside.target else None,
            leg_of=beside.leg_of,
            leg=beside.leg,
        )
        return Event(stamp, self._account, body)

    def executed(
        self, stamp: int, order: Order, fill: Fill | None, pnl: int | None, status: OrderStatus,
        life: tuple[int, int] | None = None,
    ) -> Event:  # fmt: skip
        """Write down a fill, or an order's end without a further one.

        Args:
            stamp: of it.
            order: after the fill, if there is one.
            fill: as it was booked.
            pnl: what it realised; None when it closed nothing.
            status: the order's, after it.
            life: highest and lowest price of the position that it closed, units.
        """
        execution = fill.execution_id if fill else execution_id(order.id, order.fills + 1)
        body = TradeExecution(
            id=execution,
            causes=(order.id,),
            event_time=to_datetime(stamp),
            account=self._account,
            trade_id=order.trade_id,
            order_id=order.id,
            execution_id=execution,
            signal_id=order.signal_id,
            ticker=order.ticker,
            side="BUY" if order.qty > 0 else "SELL",
            qty=abs(fill.qty) if fill else 0,
            price=to_dollars(fill.price) if fill else None,
            commission=to_money(fill.commission if fill else 0),
            status=status,
            pnl=None if pnl is None else to_money(pnl),
            timestamp=to_datetime(stamp),
            decision_price=None if not fill or order.price == UNKNOWN else to_dollars(order.price),
            high=None if life is None else to_dollars(life[0]),
            low=None if life is None else to_dollars(life[1]),
        )
        return Event(stamp, self._account, body)

    def position(
        self, stamp: int, ticker: str, account: Account, cause: str, profit: int, risk: RiskParams,
        *, one_of_many: bool = False,
    ) -> Event:  # fmt: skip
        """Write down a position as it is after a fill, or after something that changed many."""
        held = account.positions.get(ticker)
        stop, target, trail = levels(held, risk.exits) if held else (None, None, None)
        value = held.qty * account.marks[ticker] if held else 0
        body = PositionChanged(
            id=make_id("pos", cause, ticker) if one_of_many else make_id("pos", cause),
            causes=(cause,),
            event_time=to_datetime(stamp),
            account=self._account,
            ticker=ticker,
            qty=held.qty if held else 0,
            avg_entry=to_money(held.average if held else 0),
            cost=to_money(held.cost if held else 0),
            realized_pnl=to_money(profit),
            unrealized_pnl=to_money(value - held.cost if held else 0),
            stop_loss=_price(stop),
            take_profit=_price(target),
            trail=_price(trail),
        )
        return Event(stamp, self._account, body)

    def state(
        self, stamp: int, old: TradingState, new: TradingState, command: str, who: str, why: str,
        *, flattened: bool = False,
    ) -> Event:  # fmt: skip
        """Say what may be traded from here on."""
        body = TradingStateChanged(
            id=make_id("tst", self._account, command, new), causes=(command,),
            event_time=to_datetime(stamp), account=self._account, old=old, new=new,
            cause="flattened" if flattened else "command", command_id=command, who=who,
            why=why,
        )  # fmt: skip
        return Event(stamp, self._account, body)

    def snapshot(self, stamp: int, account: Account, state: TradingState) -> Event:
        """Write down the whole account."""
        body = PortfolioSnapshot(
            id=make_id("pfl", self._account, stamp),
            event_time=to_datetime(stamp),
            account=self._account,
            cash=to_money(account.cash),
            positions_value=to_money(account.value),
            equity=to_money(account.equity),
            realized_pnl=to_money(account.realized),
            unrealized_pnl=to_money(account.unrealized),
            open_positions=len(account.positions),
            trading_state=state,
        )
        return Event(stamp, self._account, body)
