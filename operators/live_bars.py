"""Admission of live bars: stamped when they are known, revisions numbered, back-filled ones told.

A live row may say `revised` (it takes the place of a bar that was told before) and `backfilled`
(it was fetched after the fact) besides what any row of bars says.
"""

from datetime import datetime
from typing import Any, Final

from messages.codec import Unreadable
from messages.market import TradingHalt, bar_id
from messages.units import SECOND_US, to_datetime, to_micros
from operators.admission import AdmitBars
from operators.blocks import Block
from operators.states import State

AHEAD_US: Final = 5 * SECOND_US  # of this machine's clock: two clocks are never quite the same
REMEMBERED: Final = 5_000  # bars that were revised


class LiveBarsState(State):
    """The clock of the bars let in, microseconds, and revised bars, the oldest first.

    Attributes:
        revisions: id of a bar's first version -> number of its last revision.
    """

    clock: int
    revisions: dict[str, int]


class AdmitLiveBars(AdmitBars):
    """Rows of a live feed become bars.

    A bar is known now; one that ends a moment ahead of this machine's clock is known at its end,
    and one that ends later than that is FUTURE.
    """

    def __init__(self, interval: str, source: str, state: LiveBarsState | None = None) -> None:
        """Take bars of one interval from one source."""
        super().__init__(0, interval, source)
        self._clock = state.clock if state else 0
        self._revisions: dict[str, int] = dict(state.revisions if state else {})

    def step(self, block: Block) -> Block:
        """Turn rows into bars, let halts pass; the block's frontier is the time that it is."""
        self._clock = max(self._clock, block.frontier)
        halts = [e for e in block.events if isinstance(e.body, TradingHalt)]
        rows = [e for e in block.events if not isinstance(e.body, TradingHalt)]
        made = super().step(block._replace(events=rows))
        return made._replace(events=[*halts, *made.events])

    def snapshot(self) -> LiveBarsState:
        """Return the clock and the revisions."""
        return LiveBarsState(clock=self._clock, revisions=dict(self._revisions))

    def _stamp(self, known: datetime) -> int:
        at = to_micros(known)
        if at > self._clock + AHEAD_US:
            now = to_datetime(self._clock)
            reason = f"known at {known:%Y-%m-%d %H:%M:%S}, now is {now:%Y-%m-%d %H:%M:%S}"
            raise Unreadable("FUTURE", reason)
        self._clock = max(self._clock, at)
        return self._clock

    def _beside(self, values: dict[str, Any], ticker: str, start: datetime) -> dict[str, Any]:
        backfilled = bool(values.get("backfilled", False))
        if not values.get("revised", False):
            return {"backfilled": backfilled}
        first = bar_id(ticker, start, self._interval)
        revision = self._revisions.pop(first, 0) + 1
        self._revisions[first] = revision
        while len(self._revisions) > REMEMBERED:
            del self._revisions[next(iter(self._revisions))]
        number = {"revision": revision, "id": bar_id(ticker, start, self._interval, revision)}
        return {"backfilled": backfilled, **number}
