"""Live bars in order: of each ticker history first, then what the stream tells, each bar once.

Operators take a ticker's bars by ascending time only. So what a stream tells of a ticker is held
until history up to then is there: when it is newly followed, and after the stream was away.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from connectors.broker.values import MarketBar

MINUTE: Final = timedelta(minutes=1)
# A bar that ended so recently is left to the stream.
FRESH: Final = timedelta(seconds=5)
LATE: Final = timedelta(seconds=20)  # what ended before that is in the history


class BarRow(NamedTuple):
    """A bar that is given out.

    Attributes:
        backfilled: it is from history.
        revised: it takes the place of one that was given before.
    """

    bar: MarketBar
    backfilled: bool = False
    revised: bool = False


class Gap(NamedTuple):
    """What is to be asked of history: the bars of a ticker that start in [since, until).

    Attributes:
        known: the answer has everything that starts before it.
    """

    ticker: str
    since: datetime
    until: datetime
    known: datetime


class _Line:
    """One ticker.

    Attributes:
        last: start of the newest bar given; None before the first.
        known: nothing is missing that starts before it; None: not known.
        behind: history is to come first; asked: it was asked for.
        sure: the stream goes on where history ended.
        due: history must be known up to here: the minute in which the stream began is over.
        held: live bars that wait, by start.
    """

    __slots__ = ("asked", "behind", "due", "held", "known", "last", "sure")

    def __init__(self, last: datetime | None, now: datetime) -> None:
        self.last, self.due = last, _minute(now) + MINUTE
        self.known: datetime | None = None
        self.behind, self.sure, self.asked = True, False, False
        self.held: dict[datetime, list[MarketBar]] = {}

    def wants(self, known: datetime) -> bool:
        """Tell whether history is to be asked, which would be known up to a moment."""
        if self.behind or self.known is None:
            return not self.asked
        return not self.asked and not self.sure and self.known < self.due <= known

    def goes_on_at(self, start: datetime) -> bool:
        """Tell whether nothing is missing before a live bar; otherwise history is to come first."""
        if not self.sure:
            ends = [] if self.last is None else [self.last + MINUTE]
            if self.known is not None:
                ends.append(self.known)
            self.sure = any(start <= end for end in ends)
            self.behind = not self.sure
        return self.sure

    def give(self, bar: MarketBar, *, backfilled: bool = False) -> Iterable[BarRow]:
        """Yield a bar where it is new, or a revision of one that was given."""
        if self.last is None or bar.start > self.last:
            self.last = bar.start
            yield BarRow(bar, backfilled)
        elif bar.revised:
            yield BarRow(bar, backfilled, revised=True)

    def let_go(self) -> list[BarRow]:
        """Give out what was held; from now on the stream's bars go through."""
        held, self.held = self.held, {}
        self.behind, self.sure, self.asked = False, True, False
        return [row for _, bars in sorted(held.items()) for bar in bars for row in self.give(bar)]


class BarOrder:
    """The tickers that are followed; used from one thread."""

    def __init__(
        self, last: Mapping[str, datetime], warm_up: Callable[[datetime], datetime]
    ) -> None:
        """Follow nothing yet.

        Args:
            last: ticker -> start of the newest bar that was given by an earlier process.
            warm_up: from now, the moment from which a new ticker's history is wanted.
        """
        self._last, self._warm_up = dict(last), warm_up
        self._lines: dict[str, _Line] = {}

    @property
    def followed(self) -> frozenset[str]:
        """Return the tickers that are followed."""
        return frozenset(self._lines)

    def follow(self, tickers: Sequence[str], now: datetime) -> None:
        """Follow these from now on, the most important first, and no others."""
        for gone in self.followed.difference(tickers):
            line = self._lines.pop(gone)
            if line.last is not None:
                self._last[gone] = line.last
        self._lines = {t: self._lines.get(t) or _Line(self._last.get(t), now) for t in tickers}

    def interrupted(self, now: datetime) -> None:
        """Hear that the stream came up: what happened meanwhile was not told.

        What was told before and is still held comes from history, too: it is no news any more.
        """
        for line in self._lines.values():
            line.behind, line.sure, line.due = True, False, _minute(now) + MINUTE
            line.held.clear()

    def gaps(self, now: datetime) -> list[Gap]:
        """Return what is to be asked next, of each ticker once, the most important first."""
        found = []
        until = _minute(now - FRESH)
        for ticker, line in self._lines.items():
            if line.wants(_minute(now - LATE)):
                line.asked = True
                since = self._warm_up(now)
                if line.last is not None:
                    since = max(since, line.last + MINUTE)
                end = max(until, since, *(start for start in line.held))
                known = min(end, _minute(now - LATE))
                found.append(Gap(ticker, since, end, known))
        return found

    def unanswered(self, gaps: Iterable[Gap]) -> None:
        """Hear that nothing came of some gaps: they are to be asked for again."""
        for gap in gaps:
            if (line := self._lines.get(gap.ticker)) is not None:
                line.asked = False

    def filled(self, gap: Gap, bars: Iterable[MarketBar]) -> list[BarRow]:
        """Take what history has of a gap; returns it and what was held, in order.

        A bar that the stream has told as well is the stream's. Where the stream goes on later than
        history is known to end, the rest waits for another look.
        """
        line = self._lines.get(gap.ticker)
        if line is None or not line.asked:
            return []  # nobody waits for it any more
        rows: list[BarRow] = []
        past = {bar.start: bar for bar in bars if gap.since <= bar.start < gap.until}
        line.behind = line.asked = False
        line.known = gap.known
        for start in sorted(past.keys() | line.held.keys()):
            if start not in line.held:
                rows += line.give(past[start], backfilled=True)
            elif line.goes_on_at(start):
                for bar in line.held.pop(start):
                    rows += line.give(bar)
            else:
                break
        return rows

    def told(self, bar: MarketBar) -> list[BarRow]:
        """Take what the stream tells; returns what may be given out now."""
        line = self._lines.get(bar.ticker)
        if line is None:
            return []
        fresh = line.last is None or bar.start > line.last
        if fresh and (line.behind or not line.goes_on_at(bar.start)):
            line.held.setdefault(bar.start, []).append(bar)
            return []
        return list(line.give(bar))

    def impatient(
        self, before: datetime, held: Collection[str], failing: Collection[str]
    ) -> list[BarRow]:
        """Give out what has waited too long for a history that does not come.

        Only of tickers that were warm before, or are held: stops need bars. The gap stays.

        Args:
            before: bars that ended before it have waited too long.
            held: tickers of open positions.
            failing: tickers whose history was asked for in vain.
        """
        rows = []
        for ticker, line in self._lines.items():
            warm = ticker in failing and (line.last is not None or ticker in held)
            if warm and any(start + MINUTE < before for start in line.held):
                rows += line.let_go()
        return rows


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
