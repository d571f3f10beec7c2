"""What is to be said where no bars come: without them nothing can trade."""

from datetime import datetime, timedelta
from typing import Final

from connectors.market.calendar import new_york_sessions
from connectors.market.params import MarketParams
from messages.units import to_datetime, to_micros

BARS_FEED: Final = "alpaca_bars"  # among the feeds
# As old as a price may be for an entry, by default.
SILENT: Final = timedelta(minutes=5)
NO_SOURCE: Final = (
    "set TIDEWIRE_MARKET__FEED=alpaca with the keys of a paper account and start again, or have a "
    "program write bars to the topic market.bars"
)
NOTHING_FOLLOWED: Final = "see `tidewire feeds`, and TIDEWIRE_MARKET__WATCHLIST"


def silence(newest: datetime | None, now: datetime, market: MarketParams) -> str | None:
    """Return that no bars come, in a sentence; None where they do, or need not.

    They need not while the exchange is closed, nor in the first minutes of a session. Where bars
    are to come from outside and none ever came, that is said at any time.

    Args:
        newest: when the newest live bar ended or came, UTC; None before the first.
        now: the time, UTC.
        market: settings of the run.
    """
    sessions, stamp = new_york_sessions(), to_micros(now)
    opened = None
    if sessions.is_open(stamp):
        opened = to_datetime(sessions.opens[sessions.number_of(stamp)])
    if newest is None and market.feed == "outside":
        return f"no bars yet: nothing can trade; {NO_SOURCE}"
    if opened is None or now - max(opened, newest or opened) <= SILENT:
        return None
    if newest is None:
        return f"no bars yet: nothing can trade; {NOTHING_FOLLOWED}"
    day = "" if newest.date() == now.date() else f"{newest:%Y-%m-%d} "
    return f"no bars since {day}{newest:%H:%M} UTC: nothing can trade"
