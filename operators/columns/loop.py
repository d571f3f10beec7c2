"""The closed loop over columns: bars and scored articles in, decisions and fills as rows out.

For backtests: no commands, from the beginning. Weights stand still while it advances; who learns
sets other ones in between. What it decides is what `flows.closed_loop.ClosedLoop` decides on the
same input, decision for decision.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from messages.errors import TidewireError
from messages.units import MINUTE_US
from operators.blocks import Event
from operators.columns import records
from operators.columns.bars import REASONS, UNSEEN, BarColumns, verdicts
from operators.columns.desk import pass_time, step_rows
from operators.columns.records import (
    EVENT,
    IS_BAR,
    IS_SIGNAL,
    ORDER,
    RECORD,
    Books,
    Rows,
    fresh_account,
    fresh_tickers,
    rules_of,
)
from operators.columns.signals import NEWS, ColumnVotes, Scores, Voted, weigh
from operators.fingerprint import fingerprint
from operators.params import Params
from operators.strategies.base import Strategy
from operators.trading.arithmetic import MAX_EQUITY
from operators.trading.session_columns import columns_of
from operators.trading.sessions import SessionTable

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
RECORDS: Final = 16_384


class TooMuchMoney(TidewireError, RuntimeError):
    """Equity has outgrown 64-bit arithmetic. Operator action: start with less cash."""


class ColumnLoop:
    """Strategies, ensemble, risk, account and simulated broker over columns.

    Attributes:
        refused: reason -> bars that count for nothing: repeated, late, or known too early.
        weights: strategy -> weight.
        votes: of the step under way, per row of events, in the strategies' order.
        quiet_until: before this stamp bars and news warm up only: no signal is made.
    """

    def __init__(
        self,
        params: Params,
        sessions: SessionTable,
        weights: Mapping[str, float],
        strategies: ColumnVotes | None = None,
        own: Sequence[Strategy] = (),
    ) -> None:
        """Start with the cash of the parameters and without a memory.

        Args:
            params: of all operators.
            sessions: of the market.
            weights: strategy -> weight.
            strategies: given where their votes are made already and only `trade` is called.
            own: strategies besides the built-in ones.
        """
        self.strategies = strategies or ColumnVotes(params, sessions, own)
        self.weights = weights
        self._threshold = params.ensemble.threshold
        self._rules = rules_of(params, MINUTE_US)
        self._last = np.full(0, UNSEEN, np.int64)
        tickers, days = fresh_tickers(0)
        self._books = Books(
            *columns_of(sessions), tickers, np.zeros(0, np.int64), days,
            fresh_account(params.account.start_cash * 10_000), np.zeros(256, ORDER),
            np.zeros(RECORDS, RECORD),
        )  # fmt: skip
        self.refused: dict[str, int] = {}
        self.votes = np.zeros((0, 3))
        self.quiet_until = 0

    @property
    def equity(self) -> int:
        """Return cash + positions at their last marks, units."""
        account = self._books.account[0]
        return int(account["cash"] + account["value"])

    @property
    def open_positions(self) -> dict[str, int]:
        """Return ticker -> shares held."""
        held = self._books.tickers["qty"]
        names = self.strategies.tickers
        return {names[k]: int(held[k]) for k in np.nonzero(held)[0]}

    def row(self, ticker: str) -> int:
        """Return a ticker's row; a new one for a new ticker."""
        return self.strategies.row(ticker)

    def advance(self, bars: BarColumns, scored: list[Event] | None = None) -> Iterator[Rows]:
        """Take the next bars and scored articles; yields rows of what was decided and done.

        Assumes that both are in the order of the log, whole stamps only. A yielded array is
        overwritten by the next one: copy what is to stay.

        Raises:
            TooMuchMoney: equity has outgrown the arithmetic.
        """
        good = self.good(bars)
        yield from self.trade(good, self.strategies.vote(good, scored or []))

    def good(self, bars: BarColumns) -> BarColumns:
        """Return the bars that count; the others are counted by their reasons."""
        self._grow()
        found = np.zeros(bars.size, np.int64)
        if not verdicts(bars.code, bars.stamp, bars.start, bars.end, self._last, found):
            return bars
        for number, count in zip(*np.unique(found[found > 0], return_counts=True), strict=True):
            reason = REASONS[number]
            self.refused[reason] = self.refused.get(reason, 0) + int(count)
        return bars.take(found == 0)

    def trade(self, good: BarColumns, voted: Voted) -> Iterator[Rows]:
        """Trade on votes; yields rows as `advance` does.

        Raises:
            TooMuchMoney: equity has outgrown the arithmetic.
        """
        self._grow()
        scores = weigh(voted, self.strategies.names, self.weights, self._threshold)
        if self.quiet_until:
            scores = scores.quiet(good.stamp, self.quiet_until)
        events, self.votes = rows_of(good, scores, self.strategies.tickers)
        self._spell()
        start = 0
        while start < len(events):
            before = start
            start = step_rows(events, start, self._books, self._rules)
            if (written := self._written) > 0:
                yield self._books.out[:written]
            if start == before:
                self._make_room()
        if self.equity > MAX_EQUITY:
            reason = "equity is over 20 billion dollars: start with less cash."
            raise TooMuchMoney(reason)

    def pass_time(self, frontier: int, *, ended: bool) -> Rows:
        """Let timers fire up to a frontier; returns rows, the last snapshot if it has ended."""
        self._spell()
        held = int(self._books.account[0]["held"])
        while len(self._books.out) < 2 * (len(self._books.orders) + held) + 8:
            self._make_room()
        pass_time(frontier, ended, self._books, self._rules)
        return self._books.out[: self._written]

    @property
    def _written(self) -> int:
        return int(self._books.account[0]["written"])

    def _grow(self) -> None:
        have, want = len(self._last), len(self.strategies.tickers)
        if have >= want:
            return
        more = max(want, 2 * have, 16) - have
        tickers, days = fresh_tickers(more)
        self._books = self._books._replace(
            tickers=np.concatenate([self._books.tickers, tickers]),
            days=np.concatenate([self._books.days, days]),
        )
        self._last = np.concatenate([self._last, np.full(more, UNSEEN, np.int64)])

    def _spell(self) -> None:
        """Put the tickers into the order of their names, where a rule goes by it."""
        names = self.strategies.tickers
        if self._rules.exits.silent and len(self._books.alphabet) != len(names):
            order = np.argsort(np.array(names)).astype(np.int64)
            self._books = self._books._replace(alphabet=order)

    def _make_room(self) -> None:
        orders = self._books.orders
        self._books = self._books._replace(
            out=np.zeros(2 * len(self._books.out), RECORD),
            orders=np.concatenate([orders, np.zeros_like(orders)]),
        )


def rows_of(bars: BarColumns, scores: Scores, names: list[str]) -> tuple[Rows, Floats]:
    """Return what happens, row by row, and the votes behind each row.

    A row is a bar with its signal, or a signal on news alone. At one stamp and ticker the bar
    comes first, then the signal on news, then the bar's own.
    """
    n = bars.size
    rows = np.zeros(n, EVENT)
    write_bars(
        bars.code, bars.stamp, bars.start, bars.open, bars.high, bars.low, bars.close, bars.volume,
        scores.side, scores.news_age, rows,
    )  # fmt: skip
    if not scores.between:
        return rows, scores.votes
    own, own_votes = rows[scores.side != 0].copy(), scores.votes[scores.side != 0]
    own["kind"], rows["kind"] = IS_SIGNAL, IS_BAR
    news = np.zeros(len(scores.between), EVENT)
    news_votes = np.zeros((len(news), scores.votes.shape[1]))
    for row, vote in zip(news, scores.between, strict=True):
        row["stamp"], row["ticker"], row["kind"] = vote.stamp, vote.code, IS_SIGNAL
        row["side"], row["news_age"] = 1 if vote.strength > 0.0 else -1, vote.news_age
    news_votes[:, NEWS] = [vote.strength for vote in scores.between]
    every = np.concatenate([rows, news, own])
    votes = np.concatenate([scores.votes, news_votes, own_votes])
    kind = np.repeat([0, 1, 2], [n, len(news), len(own)])
    place = np.argsort(np.argsort(np.array(names)))  # a ticker's place among the names
    order = np.lexsort((kind, place[every["ticker"]], every["stamp"]))
    return every[order], votes[order]


def _compiled(version: str) -> Callable[..., None]:
    """Return the writer; `version` is part of its cache's key."""

    @njit(cache=True)
    def write_bars(
        code: Ints, stamp: Ints, start: Ints, opening: Ints, high: Ints, low: Ints, close: Ints,
        volume: Ints, side: Ints, age: Ints, rows: Rows,
    ) -> None:  # fmt: skip
        """Write bars as EVENT rows, each with its signal, in one pass."""
        for j in range(code.size if version else 0):
            r = rows[j]
            r.stamp, r.ticker, r.open, r.close = stamp[j], code[j], opening[j], close[j]
            r.high, r.low = high[j], low[j]
            r.volume, r.start, r.side, r.news_age = volume[j], start[j], side[j], age[j]
            r.kind = IS_BAR | IS_SIGNAL if side[j] else IS_BAR

    return write_bars


write_bars = _compiled(fingerprint(records))
