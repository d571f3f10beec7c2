"""What a command makes of an account besides trading: a corrected execution, a new beginning."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from messages.base import make_id
from messages.broker import BrokerEvent
from messages.control import Command
from messages.topics import CONTROL_ACCEPTED
from messages.trading import AccountReset, ClosingProfit, ExecutionCorrected
from messages.units import (
    UNITS_PER_DOLLAR,
    from_money,
    to_datetime,
    to_dollars,
    to_money,
    to_units,
)
from operators.blocks import Event
from operators.params import RiskParams
from operators.refusals import refusal
from operators.trading.account import Account, Position
from operators.trading.events import EventFactory
from operators.trading.orders import Order

AMENDMENTS: Final = ("correct_execution", "reset_account")


def amended(
    stamp: int, command: Command, account: Account, events: EventFactory, risk: RiskParams,
    start_cash: int,
) -> list[Event]:  # fmt: skip
    """Change the account as a command says; returns what there is to say of it.

    Args:
        stamp: of the command.
        command: one of `AMENDMENTS`.
        account: to be changed.
        events: its event factory.
        risk: for the levels of a position that is otherwise now.
        start_cash: that the account began with, units.
    """
    if command.kind == "reset_account":
        return _reset(stamp, command, account, events, risk, start_cash)
    return _corrected(stamp, command, account, events, risk)


def adopted(
    stamp: int, event: BrokerEvent, account: Account, events: EventFactory, risk: RiskParams
) -> list[Event]:
    """Begin an account anew with what a broker has of it: its cash, and no position of ours.

    Args:
        stamp: of the event.
        event: of kind `adopted`.
        account: to be changed.
        events: its event factory.
        risk: for the positions that are gone.
    """
    cash = from_money(event.cash or Decimal(0))
    return _anew(stamp, event.id, cash, account, events, risk)


def misfits(orders: Sequence[Order], position: Position | None) -> list[Order]:
    """Return the orders that cannot stay as they are once a fill of their ticker was corrected.

    Exits over other shares than are held, and entries of another round trip than the one that is
    open after all.

    Args:
        orders: of the ticker, waiting.
        position: in it, as it is now.
    """
    held = position.qty if position is not None else 0
    exits = [order for order in orders if not order.enters]
    wrong = exits if sum(order.open for order in exits) != -held else []
    if position is not None:
        wrong += [o for o in orders if o.enters and o.trade_id != position.trade_id]
    return wrong


def _corrected(
    stamp: int, command: Command, account: Account, events: EventFactory, risk: RiskParams
) -> list[Event]:
    """Correct a fill: possible while its position is open, and until its ticker is entered anew."""
    found = account.correct(
        command.execution, command.qty or 0, to_units(command.price or 0.0)
    )  # fmt: skip
    if found is None:
        detail = f"{command.execution} is no fill of an open or a last position"
        letter = refusal(command, CONTROL_ACCEPTED.name, stamp, "NO_SUCH_EXECUTION", detail)
        return [Event(stamp, "", letter)]
    old, new = found.old, found.new
    body = ExecutionCorrected(
        id=make_id("cor", events.name, command.id), causes=(command.id, old.execution_id),
        event_time=to_datetime(stamp), account=events.name, ticker=old.ticker,
        trade_id=old.trade_id, execution_id=old.execution_id, old_qty=abs(old.qty),
        old_price=to_dollars(old.price), old_commission=to_money(old.commission),
        qty=abs(new.qty), price=to_dollars(new.price) if new.qty else None,
        commission=to_money(new.commission), cash=to_money(found.cash),
        profits=tuple(
            ClosingProfit(fill.execution_id, abs(fill.qty), to_money(profit))
            for fill, profit in found.profits
        ),
    )  # fmt: skip
    position = events.position(stamp, old.ticker, account, body.id, 0, risk)
    return [Event(stamp, events.name, body), position]


def _reset(
    stamp: int, command: Command, account: Account, events: EventFactory, risk: RiskParams,
    start_cash: int,
) -> list[Event]:  # fmt: skip
    cash = start_cash if command.cash is None else command.cash * UNITS_PER_DOLLAR
    return _anew(stamp, command.id, cash, account, events, risk)


def _anew(
    stamp: int, cause: str, cash: int, account: Account, events: EventFactory, risk: RiskParams
) -> list[Event]:
    body = AccountReset(
        id=make_id("rst", events.name, cause), causes=(cause,),
        event_time=to_datetime(stamp), account=events.name, cash=to_money(cash),
        old_equity=to_money(account.equity),
        positions=tuple(sorted((t, p.qty) for t, p in account.positions.items())),
    )  # fmt: skip
    account.reset(cash)
    return [
        Event(stamp, events.name, body),
        *(
            events.position(stamp, ticker, account, body.id, 0, risk, one_of_many=True)
            for ticker, _ in body.positions
        ),
    ]
