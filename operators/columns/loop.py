"""The closed loop over columns: bars and scored articles in, decisions and fills as rows out.

For backtests: no commands, fixed weights, from the beginning. What it decides is what
`flows.closed_loop.ClosedLoop` decides on the same input, decision for decision.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from messages.errors import TidewireError
from messages.units import MINUTE_US, SECOND_US
from operators.blocks import Event
from operators.columns import layout as c
from operators.columns.bars import REASONS, UNSEEN, BarColumns, verdicts
from operators.columns.desk import pass_time, step_rows
from operators.columns.fingerprint import fingerprint
from operators.columns.signals import NEWS, ColumnVotes, NewsVote, Scores, Voted, weigh
from operators.params import Params
from operators.strategies.base import Strategy
from operators.trading.arithmetic import MAX_EQUITY
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
            weights: strategy -> weight, fixed.
            strategies: given where their votes are made already and only `trade` is called.
            own: strategies besides the built-in ones.
        """
        self.strategies = strategies or ColumnVotes(params, own)
        self._weights = weights
        self._threshold = params.ensemble.threshold
        self._params = _vector(params)
        self._opens = np.array(sessions.opens, np.int64)
        self._closes = np.array(sessions.closes, np.int64)
        self._last = np.full(0, UNSEEN, np.int64)
        self._tickers = np.zeros((0, c.T_WIDTH), np.int64)
        self._days = np.zeros((0, c.SESSIONS_IN_MEAN), np.int64)
        self._account = np.zeros(c.S_WIDTH, np.int64)
        self._account[c.S_CASH] = params.account.start_cash * 10_000
        self._account[c.S_SNAPSHOT_DUE] = self._account[c.S_CLOSE_DUE] = c.NEVER
        self._orders = np.zeros((256, c.O_WIDTH), np.int64)
        self._out = np.zeros((RECORDS, c.R_WIDTH), np.int64)
        self.refused: dict[str, int] = {}
        self.votes = np.zeros((0, 3))
        self.quiet_until = 0

    @property
    def equity(self) -> int:
        """Return cash + positions at their last marks, units."""
        return int(self._account[c.S_CASH] + self._account[c.S_VALUE])

    @property
    def open_positions(self) -> dict[str, int]:
        """Return ticker -> shares held."""
        held = self._tickers[:, c.T_QTY]
        names = self.strategies.tickers
        return {names[k]: int(held[k]) for k in np.nonzero(held)[0]}

    def row(self, ticker: str) -> int:
        """Return a ticker's row; a new one for a new ticker."""
        return self.strategies.row(ticker)

    def advance(self, bars: BarColumns, scored: list[Event] | None = None) -> Iterator[Ints]:
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

    def trade(self, good: BarColumns, voted: Voted) -> Iterator[Ints]:
        """Trade on votes; yields rows as `advance` does.

        Raises:
            TooMuchMoney: equity has outgrown the arithmetic.
        """
        self._grow()
        scores = weigh(voted, self.strategies.names, self._weights, self._threshold)
        if self.quiet_until:
            scores = scores.quiet(good.stamp, self.quiet_until)
        events, self.votes = rows_of(good, scores, self.strategies.tickers)
        start = 0
        while start < len(events):
            before = start
            start, m = step_rows(
                events, start, self._opens, self._closes, self._tickers, self._days,
                self._account, self._orders, self._params, self._out,
            )  # fmt: skip
            if m:
                yield self._out[:m]
            if start == before:
                self._make_room()
        if self.equity > MAX_EQUITY:
            reason = "equity is over 20 billion dollars: start with less cash."
            raise TooMuchMoney(reason)

    def pass_time(self, frontier: int, *, ended: bool) -> Ints:
        """Let timers fire up to a frontier; returns rows, the last snapshot if it has ended."""
        while len(self._out) < 2 * len(self._orders) + 8:
            self._make_room()
        m = pass_time(
            frontier, ended, self._tickers, self._days, self._account, self._orders,
            self._params, self._out,
        )  # fmt: skip
        return self._out[:m]

    def _grow(self) -> None:
        have, want = len(self._last), len(self.strategies.tickers)
        if have >= want:
            return
        more = max(want, 2 * have, 16) - have
        fresh = np.zeros((more, c.T_WIDTH), np.int64)
        fresh[:, c.T_STAMP] = fresh[:, c.T_EXIT] = c.NONE
        self._tickers = np.concatenate([self._tickers, fresh])
        self._days = np.concatenate([self._days, np.zeros((more, c.SESSIONS_IN_MEAN), np.int64)])
        self._last = np.concatenate([self._last, np.full(more, UNSEEN, np.int64)])

    def _make_room(self) -> None:
        self._out = np.zeros((2 * len(self._out), c.R_WIDTH), np.int64)
        self._orders = np.concatenate([self._orders, np.zeros_like(self._orders)])


def rows_of(bars: BarColumns, scores: Scores, names: list[str]) -> tuple[Ints, Floats]:
    """Return what happens, row by row, and the votes behind each row.

    A row is a bar with its signal, or a signal on news alone. At one stamp and ticker the bar
    comes first, then the signal on news, then the bar's own.
    """
    n = bars.size
    rows = np.empty((n, c.E_WIDTH), np.int64)
    write_rows(
        bars.code, bars.stamp, bars.start, bars.open, bars.close, bars.volume, scores.side,
        scores.as_of, rows,
    )  # fmt: skip
    if not scores.between:
        return rows, scores.votes
    own, own_votes = rows[scores.side != 0].copy(), scores.votes[scores.side != 0]
    own[:, c.E_KIND] = c.IS_SIGNAL
    rows[:, c.E_KIND] = c.IS_BAR
    news = np.array([_news_row(vote) for vote in scores.between], np.int64)
    news_votes = np.zeros((len(news), scores.votes.shape[1]))
    news_votes[:, NEWS] = [vote.strength for vote in scores.between]
    every = np.concatenate([rows, news, own])
    votes = np.concatenate([scores.votes, news_votes, own_votes])
    kind = np.repeat([0, 1, 2], [n, len(news), len(own)])
    place = np.argsort(np.argsort(np.array(names)))  # a ticker's place among the names
    order = np.lexsort((kind, place[every[:, c.E_TICKER]], every[:, c.E_STAMP]))
    return every[order], votes[order]


def _compiled(version: str) -> Callable[..., None]:
    """Return the writer; the version is in the key of the compiler's cache."""

    @njit(cache=True)
    def write_rows(
        code: Ints, stamp: Ints, start: Ints, opening: Ints, close: Ints, volume: Ints, side: Ints,
        as_of: Ints, rows: Ints,
    ) -> None:  # fmt: skip
        """Write bars as rows of events, each with its signal."""
        for j in range(code.size if version else 0):
            r = rows[j]
            r[c.E_STAMP], r[c.E_TICKER], r[c.E_OPEN], r[c.E_CLOSE] = (
                stamp[j],
                code[j],
                opening[j],
                close[j],
            )
            r[c.E_VOLUME], r[c.E_START], r[c.E_SIDE], r[c.E_AS_OF] = (
                volume[j],
                start[j],
                side[j],
                as_of[j],
            )
            r[c.E_KIND] = c.IS_BAR | c.IS_SIGNAL if side[j] else c.IS_BAR

    return write_rows


write_rows = _compiled(fingerprint(c))


def _news_row(vote: NewsVote) -> list[int]:
    row = [0] * c.E_WIDTH
    row[c.E_STAMP], row[c.E_TICKER], row[c.E_KIND] = vote.stamp, vote.code, c.IS_SIGNAL
    row[c.E_SIDE], row[c.E_AS_OF] = (1 if vote.strength > 0.0 else -1), vote.as_of
    return row


def _vector(params: Params) -> Ints:
    risk, fills = params.risk, params.fills
    p = np.zeros(c.P_WIDTH, np.int64)
    p[c.P_POSITION], p[c.P_EXPOSURE] = risk.position_bps, risk.max_exposure_bps
    p[c.P_POSITIONS], p[c.P_STOP] = risk.max_positions, risk.stop_loss_bps
    p[c.P_COOLDOWN] = risk.cooldown_minutes * MINUTE_US
    p[c.P_PARTICIPATION] = risk.participation_bps
    p[c.P_STALE_PRICE] = risk.stale_price_seconds * SECOND_US
    p[c.P_STALE_NEWS] = risk.stale_sentiment_minutes * MINUTE_US
    p[c.P_SHORT], p[c.P_NEXT_OPEN] = risk.allow_short, fills.model == "next_open"
    p[c.P_SLIPPAGE], p[c.P_PER_SHARE] = fills.slippage_bps, fills.commission_per_share
    p[c.P_FEE_BPS], p[c.P_SNAPSHOT] = (
        fills.commission_bps,
        params.account.snapshot_minutes * MINUTE_US,
    )
    p[c.P_VOLUME_SLIP] = fills.volume_slippage_bps
    p[c.P_SELL_PPM], p[c.P_SELL_1000] = fills.sell_fee_ppm, fills.sell_fee_per_1000
    p[c.P_OFF] = sum(1 << (1 + c.CHECKS.index(name)) for name in risk.off)
    return p
