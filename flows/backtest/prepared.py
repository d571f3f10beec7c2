"""Inputs read once and votes made once: what the runs of a sweep share."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from connectors.market.calendar import new_york_sessions
from connectors.user_strategies import own_strategies
from flows.backtest.learning import Learner
from flows.backtest.run import Inputs, all_scores, find_splits, learner_of
from flows.backtest.splits import adjusted
from flows.backtest.tally import Tally
from operators.blocks import Event
from operators.columns.bars import BarColumns
from operators.columns.loop import ColumnLoop
from operators.columns.signals import ColumnVotes, Voted
from operators.params import Params
from operators.strategies.news_driven import waits
from operators.trading.session_columns import numbers_of


@dataclass(frozen=True, slots=True)
class InMemoryInput:
    """All bars of a file in memory, the good ones, and all scored articles.

    Attributes:
        start: first row that is traded; those before it warm up.
    """

    bars: BarColumns
    news: list[Event]
    tickers: list[str]
    start: int = 0

    def sessions(self) -> list[tuple[int, int]]:
        """Return the first and the last row of each traded session, in order."""
        session = numbers_of(new_york_sessions(), self.bars.stamp[self.start :])
        first = np.nonzero(np.diff(session, prepend=-1))[0] + self.start
        last = np.append(first[1:], self.bars.size) - 1
        return list(zip(first.tolist(), last.tolist(), strict=True))


def read_input(inputs: Inputs) -> InMemoryInput:
    """Read a backtest's inputs.

    Raises:
        InputUnusable: a file cannot be read.
        SplitFound: prices jump, and splits are refused or cannot be told.
    """
    splits = find_splits(inputs) if inputs.splits != "keep" else []
    loop = ColumnLoop(Params(), new_york_sessions(), {})
    parts = [loop.good(adjusted(b, splits)) for b in inputs.bars.batches(loop.row)]
    bars = BarColumns(*map(np.concatenate, zip(*parts, strict=True))) if parts else _none()
    start = int(np.searchsorted(bars.stamp, inputs.trade_from, side="left"))
    return InMemoryInput(bars, all_scores(inputs).scores, loop.strategies.tickers, start)


def vote_key(params: Params) -> tuple[Any, ...]:
    """Return what votes depend on: runs with one key share them."""
    return (
        params.momentum,
        params.mean_reversion,
        params.news_driven,
        params.sentiment,
        waits(params),
        params.own,
    )


class VoteCache:
    """The votes of every bar, made once for each set of strategies' parameters."""

    def __init__(self, whole: InMemoryInput) -> None:
        """Take the inputs; nothing is voted yet."""
        self._whole = whole
        self._key: tuple[Any, ...] | None = None
        self._voted: Voted | None = None
        self._strategies: ColumnVotes | None = None

    def of(self, params: Params) -> tuple[ColumnVotes, Voted]:
        """Return the strategies and their votes; the last ones are kept."""
        key = vote_key(params)
        if key != self._key or self._voted is None or self._strategies is None:
            strategies = ColumnVotes(params, new_york_sessions(), own_strategies(params))
            for ticker in self._whole.tickers:
                strategies.row(ticker)
            last = int(self._whole.bars.stamp[-1]) if self._whole.bars.size else 0
            news = [e for e in self._whole.news if e.stamp <= last]
            self._voted = strategies.vote(self._whole.bars, news)
            self._strategies, self._key = strategies, key
        return self._strategies, self._voted


def trade_rows(
    whole: InMemoryInput, votes: VoteCache, params: Params, weights: dict[str, float], rows: slice
) -> tuple[ColumnLoop, Tally, Learner | None]:
    """Trade some rows on votes that know all bars before them; account and weights start anew."""
    strategies, voted = votes.of(params)
    loop = ColumnLoop(params, new_york_sessions(), weights, strategies)
    learner = learner_of(params, weights, strategies.names)
    tally, bars = Tally(weights, strategies.names), whole.bars.take(rows)
    if not bars.size:
        return loop, tally, learner
    low, high = int(bars.stamp[0]), int(bars.stamp[-1])
    between = [v for v in voted.between if low <= v.stamp <= high]
    part = Voted(voted.votes[rows], voted.news_age[rows], between)
    for some, said in _by_cycles(loop, tally, learner, bars, part) if learner else [(bars, part)]:
        for found in loop.trade(some, said):
            tally.take(found, loop.votes)
            if learner:
                learner.take(found, loop.votes)
    last = loop.pass_time(high, ended=True)
    tally.take(last, loop.votes)
    if learner:
        learner.take(last, loop.votes)
        learner.finish(high)
    return loop, tally, learner


def _by_cycles(
    loop: ColumnLoop, tally: Tally, learner: Learner, bars: BarColumns, voted: Voted
) -> Iterator[tuple[BarColumns, Voted]]:
    """Cut bars and votes at the ends of cycles; each part with the weights that hold by then."""
    between, fed = voted.between, 0
    for cycle, start, stop, end in learner.segments(bars.stamp):
        learner.enter(cycle, int(bars.stamp[start]))
        loop.weights = learner.weights
        tally.weigh(learner.weights)
        upto = bisect_right(between, end, fed, key=itemgetter(0)) if stop < bars.size else None
        part = slice(start, stop)
        yield bars.take(part), Voted(voted.votes[part], voted.news_age[part], between[fed:upto])
        fed = len(between) if upto is None else upto


def _none() -> BarColumns:
    return BarColumns(*(np.zeros(0, np.int64) for _ in BarColumns._fields))
