"""Which bars count: the first version of each, in time order, known when they say."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from messages.control import DeadLetter
from messages.market import Bar
from messages.units import SECOND_US, to_datetime
from operators.refusals import refusal

FUTURE_TOLERANCE_US: Final = SECOND_US
# As long as an order is valid: an entry on an older bar would be made for a price that was.
HISTORY_US: Final = 30 * SECOND_US


def is_history(end: int, stamp: int) -> bool:
    """Tell whether a bar came so late that it warms operators up and opens no position.

    Args:
        end: of its interval, microseconds.
        stamp: when it was known.
    """
    return stamp - end > HISTORY_US


class BarFilter:
    """Remembers each ticker's last bar start; every operator that reads bars has one.

    The verdict depends on the log alone, so all operators skip the same bars.
    """

    def __init__(self, last: Mapping[str, datetime] | None = None) -> None:
        """Start empty, or with each ticker's last bar start as `snapshot` returned it."""
        self._last = dict(last or {})
        self._stamp = -1
        self._known_until = to_datetime(0)

    def reason_against(self, bar: Bar, stamp: int) -> str | None:
        """Return REVISION, FUTURE, DUPLICATE or LATE, or None and remember the bar.

        A revision is not an error: storage keeps it, operators use the first version only.
        """
        if bar.revision:
            return "REVISION"
        if stamp != self._stamp:
            self._stamp, self._known_until = stamp, to_datetime(stamp + FUTURE_TOLERANCE_US)
        if bar.event_time > self._known_until:
            return "FUTURE"
        last = self._last.get(bar.ticker)
        if last is not None and bar.start <= last:
            return "DUPLICATE" if bar.start == last else "LATE"
        self._last[bar.ticker] = bar.start
        return None

    def snapshot(self) -> dict[str, datetime]:
        """Return ticker -> start of its last bar."""
        return dict(self._last)


def refuse(bar: Bar, stamp: int, reason: str, nth: int) -> DeadLetter:
    """Write down a bar that no operator uses; `nth` tells repeats of the same bar apart."""
    detail = f"{bar.ticker} bar of {bar.start:%Y-%m-%d %H:%M}"
    return refusal(bar, "market.bars", stamp, reason, detail, nth)
