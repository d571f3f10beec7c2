"""The clock by which news ages: the market's, with a little for each time that it is closed.

What appears after a close moves prices at the next open, so a night or a weekend must not make it
old. Between two sessions news ages by what passed, but by no more than a setting for one closed
stretch; in a session by the time itself. Outside the table of sessions time passes as it does.
"""

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate, pairwise

from messages.units import MINUTE_US
from operators.params import SentimentParams
from operators.trading.sessions import SessionTable


class NewsClock:
    """Tells ages, and whether the market is open; remembers nothing."""

    __slots__ = ("_closed", "_closes", "_marks", "_opens", "_sessions")

    def __init__(self, params: SentimentParams, sessions: SessionTable) -> None:
        """Take the setting for a closed stretch, and the market's sessions."""
        self._sessions, self._closed = sessions, params.closed_minutes * MINUTE_US
        self._opens, self._closes = sessions.opens, sessions.closes
        self._marks = _marks(sessions, self._closed)

    def age(self, published: int, stamp: int) -> int:
        """Return how old news is at a stamp, microseconds; 0 for what is yet to be published."""
        if stamp <= published:
            return 0
        i = bisect_right(self._opens, published) - 1
        j = bisect_right(self._opens, stamp, max(i, 0)) - 1
        if i >= j:
            return self._within(i, published, stamp)
        first = self._within(i, published, self._opens[i + 1])
        return first + self._marks[j] - self._marks[i + 1] + self._within(j, self._opens[j], stamp)

    def is_open(self, stamp: int) -> bool:
        """Tell whether a stamp lies in a session: open included, close not."""
        return self._sessions.is_open(stamp)

    def is_in_session(self, end: int, stamp: int) -> bool:
        """Tell whether a bar is one of the session under way: known in it, and of some of it.

        A bar that is known in the grace after a close is not, nor is one of before the open.

        Args:
            end: of the bar's interval, microseconds.
            stamp: when it was known.
        """
        i = bisect_right(self._opens, stamp) - 1
        return i >= 0 and stamp < self._closes[i] and end > self._opens[i]

    def _within(self, i: int, start: int, end: int) -> int:
        """Return what counts from a start to an end, both from one session's open to the next."""
        if i < 0:
            return end - start
        close = self._closes[i]
        traded = max(0, min(end, close) - start)
        closed = max(0, end - max(start, close))
        return traded + (min(closed, self._closed) if i + 1 < len(self._opens) else closed)


@lru_cache(maxsize=16)
def _marks(sessions: SessionTable, closed: int) -> tuple[int, ...]:
    """Return what counts from the first open to each open."""
    spans = zip(pairwise(sessions.opens), sessions.closes, strict=False)
    counted = (close - a + min(b - close, closed) for (a, b), close in spans)
    return tuple(accumulate(counted, initial=0))
