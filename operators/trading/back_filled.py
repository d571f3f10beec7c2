"""Back-filled bars at the desk: what was, at which nothing can be done any more."""

from typing import Final

from messages.market import Bar
from messages.units import HOUR_US, to_micros, to_units
from operators.trading.account import Account
from operators.trading.last_bar import LastBar
from operators.trading.sessions import SessionTable

WITHIN_US: Final = HOUR_US  # bars that are less apart are of one session, but for its edges


def turn_day(last: LastBar, known: int, sessions: SessionTable) -> None:
    """Close a day of volume that no session's end has closed: one that was back-filled.

    Args:
        last: of the ticker, before its next bar.
        known: when the next bar is known, microseconds.
        sessions: of the exchange.
    """
    if not last.today or known - last.stamp <= WITHIN_US:
        return
    if sessions.number_of(known) > sessions.number_of(last.stamp):
        last.days.append(last.today)
        last.today = 0


def catch_up(
    stamp: int, bar: Bar, last: LastBar, account: Account, sessions: SessionTable, *,
    by_close: bool,
) -> None:  # fmt: skip
    """Take a back-filled bar: volume, last price as of its own end, and the position's life.

    It fills no order and closes no position; the next live bar is judged. A bar that was not all
    after a position's entry says nothing of it.

    Args:
        stamp: when it came, microseconds.
        bar: the bar.
        last: of its ticker.
        account: of the desk.
        sessions: of the exchange.
        by_close: a position's best price is that of closes.
    """
    known, price = min(stamp, to_micros(bar.event_time)), to_units(bar.close)
    turn_day(last, known, sessions)
    last.price, last.stamp, last.volume = price, known, bar.volume
    last.today += bar.volume
    position = account.positions.get(bar.ticker)
    if position is None:
        account.mark(bar.ticker, price)
    elif position.opened <= to_micros(bar.start):
        account.mark(bar.ticker, price)
        high, low = to_units(bar.high), to_units(bar.low)
        account.travel(bar.ticker, high, low)
        account.extend(bar.ticker, *((price, price) if by_close else (high, low)))
