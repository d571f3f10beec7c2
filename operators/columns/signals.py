"""The signals flow's part over columns: the strategies' votes, and the ensemble's scores."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from messages.news import MARKET
from messages.units import to_micros
from operators.bar_filter import HISTORY_US
from operators.blocks import Block, Event
from operators.checks import NO_NEWS, UNKNOWN_NEWS
from operators.columns.bars import BarColumns
from operators.news.sentiment import SentimentChanged, SentimentWindows
from operators.params import STRATEGIES, Params
from operators.strategies.base import Row, Strategy, UserStrategies
from operators.strategies.news_driven import NewsOpinions
from operators.strategies.technical import TickerRows, step_bars
from operators.trading.sessions import SessionTable

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NEWS: Final = 2  # the news' place among the votes
OWN: Final = 3  # where one's own begin


class NewsVote(NamedTuple):
    """A vote of the news alone, between bars or at one's stamp.

    Attributes:
        code: row of the ticker.
        news_age: see `checks.Ask`.
        strength: signed.
    """

    stamp: int
    code: int
    news_age: int
    strength: float


class Voted(NamedTuple):
    """What the strategies say of some bars; weights are not their business.

    Attributes:
        votes: (bars, strategies): momentum, mean reversion, news, one's own; 0 is no vote.
        news_age: see `checks.Ask`.
        between: votes of the news alone, in order.
    """

    votes: Floats
    news_age: Ints
    between: list[NewsVote]


class Scores(NamedTuple):
    """What the ensemble makes of some bars.

    Attributes:
        side: 1 LONG, -1 SHORT, 0 no signal.
        score: the ensemble's score, -1..1.
        votes: those of `Voted`.
        news_age: of `Voted`; NO_NEWS where news has no weight.
        between: votes of the news alone that are signals.
    """

    side: Ints
    score: Floats
    votes: Floats
    news_age: Ints
    between: list[NewsVote]

    def quiet(self, stamp: Ints, until: int) -> "Scores":
        """Return the same without signals before a stamp."""
        between = [vote for vote in self.between if vote.stamp >= until]
        return self._replace(side=np.where(stamp < until, 0, self.side), between=between)


class ColumnVotes:
    """The strategies and the news windows.

    Attributes:
        names: of the strategies, in the order of their votes.
    """

    def __init__(
        self, params: Params, sessions: SessionTable, own: Sequence[Strategy] = ()
    ) -> None:
        """Start without a memory; `own` are strategies besides the built-in ones."""
        self._own = UserStrategies(own)
        self.names = (*STRATEGIES, *self._own.names)
        self._params = params
        self._rows = TickerRows(params.momentum.window)
        self._windows = SentimentWindows(params.sentiment, sessions)
        self._news = NewsOpinions(params, sessions)
        self._heard = False

    def row(self, ticker: str) -> int:
        """Return a ticker's row in every column; a new one for a new ticker."""
        return self._rows.row(ticker)

    @property
    def tickers(self) -> list[str]:
        """Return the tickers by row."""
        return list(self._rows.rows)

    def vote(self, bars: BarColumns, scored: list[Event]) -> Voted:
        """Take the next bars, all good, and the scored articles up to the last of them."""
        n = bars.size
        votes = np.zeros((n, len(self.names)))
        momentum, reversion = np.empty(n), np.empty(n)
        rows, p = self._rows, self._params
        if n:
            step_bars(
                bars.code, bars.close, bars.volume,
                rows.state, rows.closes, rows.volumes, rows.averages,
                p.momentum.window, p.momentum.full_strength,
                p.mean_reversion.period, p.mean_reversion.low, p.mean_reversion.high,
                p.mean_reversion.full_strength, momentum, reversion,
            )  # fmt: skip
            votes[:, 0], votes[:, 1] = momentum, reversion
        ages = np.full(n, NO_NEWS, np.int64)
        if not scored and not self._heard:
            self._ask(bars, range(n), votes)
            between: list[NewsVote] = []
        else:
            self._heard = True
            between = self._hear(bars, scored, votes, ages)
        votes[bars.stamp - bars.end > HISTORY_US] = 0.0
        return Voted(votes, ages, between)

    def _ask(self, bars: BarColumns, rows: Sequence[int], votes: Floats) -> None:
        """Ask one's own strategies about bars of tickers without news."""
        if not self._own or not rows:
            return
        names, columns = self.tickers, _prices(bars)
        ask, codes = self._own.on_bar, bars.code.tolist()
        votes[rows, OWN:] = np.array(
            [ask(names[codes[j]], columns[j], None) for j in rows]
        ).reshape(len(rows), -1)

    def _hear(
        self, bars: BarColumns, scored: list[Event], votes: Floats, ages: Ints
    ) -> list[NewsVote]:
        """Write the news' votes on bars, and return what news alone says, ticker by ticker."""
        end = int(bars.stamp[-1]) + 1 if bars.size else scored[-1].stamp + 1
        changes = [
            (e.stamp, e.body)
            for e in self._windows.step(Block(scored, end)).events
            if isinstance(e.body, SentimentChanged) and e.body.ticker != MARKET
        ]
        affected = {c.ticker for _, c in changes} | self._news.tickers
        codes = [k for t, k in self._rows.rows.items() if t in affected]
        newsy = np.isin(bars.code, codes)
        self._ask(bars, np.nonzero(~newsy)[0].tolist(), votes)
        mine, columns = np.nonzero(newsy)[0], _prices(bars) if self._own else []
        names = self.tickers
        # At one stamp and ticker the article comes before the bar, as in the log.
        queue: list[tuple[int, str, int, int]] = [
            (int(bars.stamp[j]), names[bars.code[j]], 1, int(j)) for j in mine
        ]
        queue += [(stamp, c.ticker, 0, n) for n, (stamp, c) in enumerate(changes)]
        between = []
        for stamp, ticker, is_bar, n in sorted(queue):
            if is_bar:
                prices = columns[n] if columns else None
                ages[n] = self._on_bar(stamp, ticker, int(bars.end[n]), votes[n], prices)
            else:
                between += self._on_news(stamp, changes[n][1])
        return between

    def _on_bar(self, stamp: int, ticker: str, end: int, votes: Floats, prices: Row | None) -> int:
        """Write the news' vote on a bar; returns the news' age."""
        voted = votes[0] != 0.0 or votes[1] != 0.0
        if not voted and prices is None and ticker not in self._news.standing:
            return NO_NEWS
        context, strength = self._news.on_bar(ticker, stamp)
        if prices is not None:
            votes[OWN:] = self._own.on_bar(ticker, prices, context)
            voted = voted or bool(votes[OWN:].any())
        if strength == 0.0 or context is None:
            return NO_NEWS
        if not self._news.is_due(ticker, end, stamp) and not voted:
            return NO_NEWS
        votes[NEWS] = strength
        return self._news.clock.age(to_micros(context.as_of), stamp)

    def _on_news(self, stamp: int, change: SentimentChanged) -> list[NewsVote]:
        context, strength = self._news.on_news(change, stamp)
        if strength == 0.0:
            return []
        age = UNKNOWN_NEWS
        if context is not None:
            age = self._news.clock.age(to_micros(context.as_of), stamp)
        return [NewsVote(stamp, self.row(change.ticker), age, strength)]


def _prices(bars: BarColumns) -> list[Row]:
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def weigh(
    voted: Voted, names: Sequence[str], weights: Mapping[str, float], threshold: float
) -> Scores:
    """Return what the ensemble makes of votes.

    Args:
        voted: by the strategies.
        names: theirs, in the order of the votes.
        weights: strategy -> weight; a strategy that is not named has none.
        threshold: absolute score below which there is no signal.
    """
    w = np.array([weights.get(name, 0.0) for name in names])
    n = len(voted.votes)
    side, score = np.zeros(n, np.int64), np.zeros(n)
    combine(voted.votes, w, threshold, side, score)
    news = float(w[NEWS])
    ages = voted.news_age if news else np.full(n, NO_NEWS, np.int64)
    between = [
        vote for vote in voted.between if news and abs(news * vote.strength / news) >= threshold
    ]
    return Scores(side, score, voted.votes, ages, between)


@njit(cache=True)
def combine(votes: Floats, weights: Floats, threshold: float, side: Ints, score: Floats) -> None:
    """Weigh each bar's votes as `Ensemble` does.

    News alone makes its signals between bars (`NewsVote`). On a bar it adds to the other
    strategies' votes; alone it votes there only where an opinion has waited for the bar.
    """
    for j in range(votes.shape[0]):
        total, by = 0.0, 0.0
        for i in range(votes.shape[1]):
            if votes[j, i] != 0.0:
                total += weights[i] * votes[j, i]
                by += weights[i]
        if by == 0.0:
            continue
        found = total / by
        if abs(found) < threshold:
            continue
        score[j] = found
        side[j] = 1 if found > 0.0 else -1
