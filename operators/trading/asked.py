"""What was asked of the desk, with everything that the checks looked at: for explanations."""

from collections.abc import Callable
from typing import NamedTuple

from messages.trading import Decision, TradeSignal, TradingState
from messages.units import to_micros
from operators.checks import NO_NEWS, STATES, UNKNOWN, UNKNOWN_NEWS, Ask
from operators.params import NEWS_DRIVEN
from operators.trading.account import Account, Position
from operators.trading.last_bar import LastBar
from operators.trading.news_clock import NewsClock
from operators.trading.orders import OrderBook
from operators.trading.sizing import Sizing


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


def ask_of(
    stamp: int, signal: TradeSignal, side: int, account: Account, orders: OrderBook,
    last: LastBar | None, sizing: Sizing, clock: NewsClock, *, is_open: bool,
    state: TradingState, last_exit: int, broker: int,
) -> Ask:  # fmt: skip
    """Return what the checks look at when a signal asks for an entry.

    Args:
        stamp: now.
        signal: that asks.
        side: 1 buys, -1 sells.
        account: to enter with.
        orders: its open ones.
        last: bar of the ticker; None without one.
        sizing: of entries.
        clock: by which news ages.
        is_open: now lies in a regular session.
        state: of trading.
        last_exit: stamp of the ticker's; UNKNOWN without one.
        broker: whether entries may be sent, by number.
    """
    ticker, equity = signal.ticker, account.equity
    held, reserved = account.positions.get(ticker), orders.reserved()
    size = sizing.size(equity, side, last)
    return Ask(
        stamp=stamp,
        is_open=int(is_open),
        state=STATES.index(state),
        price=last.price if last else UNKNOWN,
        price_stamp=last.stamp if last else UNKNOWN,
        news_age=news_age(signal, stamp, clock),
        held=held.qty if held else 0,
        entries=orders.entries(ticker),
        last_exit=last_exit,
        positions=len(account.positions) + len(orders.entering()),
        qty=size.qty,
        cost=size.cost,
        fees=size.fees,
        equity=equity,
        exposure=account.gross + reserved,
        cash=sizing.free_cash(account) - reserved,
        volume=last.tradable_volume if last else UNKNOWN,
        broker=broker,
    )


def news_age(signal: TradeSignal, stamp: int, clock: NewsClock) -> int:
    """Return the age of the newest article behind a signal, microseconds; NO_NEWS, UNKNOWN_NEWS."""
    if all(s.strategy != NEWS_DRIVEN for s in signal.strategy_sources):
        return NO_NEWS
    context = signal.sentiment_context
    return UNKNOWN_NEWS if context is None else clock.age(to_micros(context.as_of), stamp)
