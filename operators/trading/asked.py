"""What was asked of the desk, with everything that the checks looked at: for explanations."""

from collections.abc import Callable
from typing import NamedTuple

from messages.trading import Decision, TradeSignal
from messages.units import to_micros
from operators.checks import NO_NEWS, UNKNOWN_NEWS, Ask
from operators.params import NEWS_DRIVEN
from operators.trading.account import Position
from operators.trading.news_clock import NewsClock


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


def news_age(signal: TradeSignal, stamp: int, clock: NewsClock) -> int:
    """Return the age of the newest article behind a signal, microseconds; NO_NEWS, UNKNOWN_NEWS."""
    if all(s.strategy != NEWS_DRIVEN for s in signal.strategy_sources):
        return NO_NEWS
    context = signal.sentiment_context
    return UNKNOWN_NEWS if context is None else clock.age(to_micros(context.as_of), stamp)
