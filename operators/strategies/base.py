"""Strategies of one's own: a small class that looks at a ticker's bars and votes, or does not.

    class Breakout(Strategy):
        name = "breakout"
        window = 50

        def evaluate(self, ticker, market, sentiment):
            if market.bars < 50 or market.price < market.highest(50):
                return None
            return LONG(0.8)

It is asked once for each bar, in order, and must be a function of what it is given: no clock, no
random number, no file, no memory of its own. Then it votes the same live, in a backtest and in a
replay.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, NamedTuple

from messages.base import Direction
from messages.errors import TidewireError
from messages.trading import SentimentContext
from messages.units import UNITS_PER_DOLLAR

MAX_WINDOW: Final = 1_000
Row = tuple[int, int, int, int, int]  # open, high, low, close in units, volume
SLACK: Final = 256  # bars kept beyond the longest window before old ones are let go


class StrategyFailed(TidewireError, RuntimeError):
    """A strategy raised, or voted out of range. Operator action: correct the strategy."""


class Vote(NamedTuple):
    """Where a strategy points, and how firmly: 0 to 1."""

    direction: Direction
    strength: float


def LONG(strength: float) -> Vote:
    """Vote for buying."""
    return Vote("LONG", strength)


def SHORT(strength: float) -> Vote:
    """Vote for selling; without a position it opens a short one only where that is allowed."""
    return Vote("SHORT", strength)


class MarketSnapshot:
    """A ticker's bars up to now, the newest last. Prices are dollars, volumes shares.

    Means and extremes over more bars than there are, or than the longest window keeps, are None.

    Attributes:
        bars: how many are known, at most the longest window.
    """

    __slots__ = ("_keep", "_paid", "_rows", "_traded", "bars")

    def __init__(self, keep: int, rows: Sequence[Row] = ()) -> None:
        """Start empty or from kept bars: open, high, low, close in units, volume."""
        self._keep = keep
        self._rows: list[Row] = []
        self._paid: list[int] = [0]  # running sums of closes, exact
        self._traded: list[int] = [0]
        self.bars = 0
        for row in rows:
            self.push(row)

    def push(self, row: Row) -> None:
        """Take the next bar; called by the engine."""
        self._rows.append(row)
        self._paid.append(self._paid[-1] + row[3])
        self._traded.append(self._traded[-1] + row[4])
        if self.bars < self._keep:
            self.bars += 1
        elif len(self._rows) > self._keep + SLACK:
            self._forget()

    @property
    def price(self) -> float:
        """Return the last close."""
        return self._rows[-1][3] / UNITS_PER_DOLLAR

    @property
    def open(self) -> float:
        """Return the last bar's open."""
        return self._rows[-1][0] / UNITS_PER_DOLLAR

    @property
    def high(self) -> float:
        """Return the last bar's high."""
        return self._rows[-1][1] / UNITS_PER_DOLLAR

    @property
    def low(self) -> float:
        """Return the last bar's low."""
        return self._rows[-1][2] / UNITS_PER_DOLLAR

    @property
    def volume(self) -> int:
        """Return the last bar's volume."""
        return self._rows[-1][4]

    def closes(self, n: int) -> list[float]:
        """Return the last n closes, or as many as there are."""
        return [row[3] / UNITS_PER_DOLLAR for row in self._rows[-min(n, self.bars) :]]

    def mean(self, n: int) -> float | None:
        """Return the mean of the last n closes."""
        if n > self.bars:
            return None
        return (self._paid[-1] - self._paid[-1 - n]) / (n * UNITS_PER_DOLLAR)

    def mean_volume(self, n: int) -> float | None:
        """Return the mean of the last n volumes."""
        return None if n > self.bars else (self._traded[-1] - self._traded[-1 - n]) / n

    def highest(self, n: int) -> float | None:
        """Return the highest high of the last n bars."""
        return None if n > self.bars else max(r[1] for r in self._rows[-n:]) / UNITS_PER_DOLLAR

    def lowest(self, n: int) -> float | None:
        """Return the lowest low of the last n bars."""
        return None if n > self.bars else min(r[2] for r in self._rows[-n:]) / UNITS_PER_DOLLAR

    def change(self, n: int) -> float | None:
        """Return the last close over that of n bars ago, less 1."""
        return None if n >= self.bars else self._rows[-1][3] / self._rows[-1 - n][3] - 1

    def volume_profile(self, n: int, levels: int) -> list[tuple[float, int]] | None:
        """Return the last n bars' volume by price: (lower edge, shares), from the lowest level."""
        if n > self.bars:
            return None
        last = self._rows[-n:]
        low, high = min(r[2] for r in last), max(r[1] for r in last)
        width = max(1, -(-(high - low + 1) // levels))
        found = [0] * levels
        for row in last:
            found[(row[3] - low) // width] += row[4]
        return [((low + i * width) / UNITS_PER_DOLLAR, v) for i, v in enumerate(found)]

    def rows(self) -> list[Row]:
        """Return what is to be kept: the bars of the longest window."""
        return self._rows[-self._keep :]

    def _forget(self) -> None:
        MarketSnapshot.__init__(self, self._keep, self.rows())


class Strategy(ABC):
    """What to write: a name, how many bars to keep, and `evaluate`.

    Attributes:
        name: lower-case letters, digits and underscores; no other strategy's.
        window: the most bars that `evaluate` looks back on, up to 1,000.
        reads_news: `evaluate` is given the ticker's news; otherwise None, which is faster.
        description: for the list of strategies.
    """

    name: ClassVar[str]
    window: ClassVar[int] = 50
    reads_news: ClassVar[bool] = False
    description: ClassVar[str] = ""

    @abstractmethod
    def evaluate(
        self, ticker: str, market: MarketSnapshot, sentiment: SentimentContext | None
    ) -> Vote | None:
        """Return a vote on a ticker, or None.

        Called once for each of the ticker's bars, after the bar is in `market`. A function of
        its arguments alone.
        """


class UserStrategies:
    """Asks every strategy of one's own about every bar."""

    def __init__(
        self, strategies: Sequence[Strategy], state: Mapping[str, Sequence[Row]] | None = None
    ) -> None:
        """Start empty, or with each ticker's kept bars as `snapshot` returned them."""
        self._strategies = tuple(strategies)
        self._keep = max((s.window for s in strategies), default=0)
        self.reads_news = any(s.reads_news for s in strategies)
        self._markets = {t: MarketSnapshot(self._keep, rows) for t, rows in (state or {}).items()}

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self._strategies)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the strategies' names, in the order of their votes."""
        return tuple(s.name for s in self._strategies)

    def snapshot(self) -> dict[str, list[Row]]:
        """Return each ticker's kept bars."""
        return {ticker: market.rows() for ticker, market in self._markets.items()}

    def on_bar(self, ticker: str, bar: Row, sentiment: SentimentContext | None) -> list[float]:
        """Take a bar; returns signed strengths.

        Raises:
            StrategyFailed: a strategy raised, or voted out of range.
        """
        market = self._markets.get(ticker)
        if market is None:
            market = self._markets[ticker] = MarketSnapshot(self._keep)
        market.push(bar)
        votes = []
        for strategy in self._strategies:
            try:
                vote = strategy.evaluate(ticker, market, sentiment if strategy.reads_news else None)
            except Exception as error:
                what = f"{type(error).__name__}: {error}"
                reason = f"strategy {strategy.name} failed on {ticker}: {what}"
                raise StrategyFailed(reason) from error
            votes.append(0.0 if vote is None else _signed(strategy, ticker, vote))
        return votes


def _signed(strategy: Strategy, ticker: str, vote: Vote) -> float:
    direction, strength = vote
    if not 0.0 <= strength <= 1.0 or direction == "NEUTRAL":
        reason = f"strategy {strategy.name} voted {vote} on {ticker}: use LONG(0..1), SHORT(0..1)"
        raise StrategyFailed(reason)
    return strength if direction == "LONG" else -strength
