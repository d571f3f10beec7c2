"""The closed loop over columns: bars and scored articles in, decisions and fills as rows out.

For backtests: no commands, fixed weights, from the beginning. What it decides is what
`flows.chain.ClosedLoop` decides on the same input, decision for decision.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from messages.units import MINUTE_US, SECOND_US
from operators.blocks import Event
from operators.columns.bars import REASONS, UNSEEN, BarColumns, verdicts
from operators.columns.desk import pass_time, step_rows
from operators.columns.layout import (
    CHECKS,
    E_AS_OF,
    E_CLOSE,
    E_KIND,
    E_OPEN,
    E_SIDE,
    E_STAMP,
    E_START,
    E_TICKER,
    E_VOLUME,
    E_WIDTH,
    IS_BAR,
    IS_SIGNAL,
    NEVER,
    NONE,
    O_WIDTH,
    P_COOLDOWN,
    P_EXPOSURE,
    P_FEE_BPS,
    P_NEXT_OPEN,
    P_OFF,
    P_PARTICIPATION,
    P_PER_SHARE,
    P_POSITION,
    P_POSITIONS,
    P_SHORT,
    P_SLIPPAGE,
    P_SNAPSHOT,
    P_STALE_NEWS,
    P_STALE_PRICE,
    P_STOP,
    P_WIDTH,
    R_WIDTH,
    S_CASH,
    S_CLOSE_DUE,
    S_SNAPSHOT_DUE,
    S_VALUE,
    S_WIDTH,
    SESSIONS_IN_MEAN,
    T_EXIT,
    T_QTY,
    T_STAMP,
    T_WIDTH,
)
from operators.columns.signals import ColumnSignals, NewsSignal, Scores
from operators.params import Params
from operators.rules import MAX_EQUITY
from operators.sessions import SessionTable

Ints = NDArray[np.int64]
RECORDS: Final = 16_384


class TooMuchMoney(RuntimeError):
    """Equity has outgrown 64-bit arithmetic. Operator action: start with less cash."""


class ColumnLoop:
    """Strategies, ensemble, risk, account and simulated broker over columns."""

    def __init__(self, params: Params, sessions: SessionTable, weights: dict[str, float]) -> None:
        """Start with the cash of the parameters and without a memory."""
        self.signals = ColumnSignals(params, weights)
        self._params = _vector(params)
        self._opens = np.array(sessions.opens, np.int64)
        self._closes = np.array(sessions.closes, np.int64)
        self._last = np.full(0, UNSEEN, np.int64)
        self._tickers = np.zeros((0, T_WIDTH), np.int64)
        self._days = np.zeros((0, SESSIONS_IN_MEAN), np.int64)
        self._account = np.zeros(S_WIDTH, np.int64)
        self._account[S_CASH] = params.account.start_cash * 10_000
        self._account[S_SNAPSHOT_DUE] = self._account[S_CLOSE_DUE] = NEVER
        self._orders = np.zeros((256, O_WIDTH), np.int64)
        self._out = np.zeros((RECORDS, R_WIDTH), np.int64)
        self.refused: dict[str, int] = {}

    @property
    def equity(self) -> int:
        """Return cash + positions at their last marks, units."""
        return int(self._account[S_CASH] + self._account[S_VALUE])

    @property
    def open_positions(self) -> dict[str, int]:
        """Return ticker -> shares held."""
        held = self._tickers[:, T_QTY]
        names = self.signals.tickers
        return {names[k]: int(held[k]) for k in np.nonzero(held)[0]}

    def row(self, ticker: str) -> int:
        """Return a ticker's row; a new one for a new ticker."""
        return self.signals.row(ticker)

    def step(self, bars: BarColumns, scored: list[Event] | None = None) -> Iterator[Ints]:
        """Take the next bars and scored articles; yields rows of what was decided and done.

        Assumes that both are in the order of the log, whole stamps only. A yielded array is
        overwritten by the next one: copy what is to stay.

        Raises:
            TooMuchMoney: equity has outgrown the arithmetic.
        """
        self._grow()
        good = self._good(bars)
        scores = self.signals.step(good, scored or [])
        self._grow()
        events = rows_of(good, scores, self.signals.tickers)
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

    def _good(self, bars: BarColumns) -> BarColumns:
        found = np.zeros(len(bars), np.int64)
        if not verdicts(bars.code, bars.stamp, bars.start, bars.end, self._last, found):
            return bars
        for number, count in zip(*np.unique(found[found > 0], return_counts=True), strict=True):
            reason = REASONS[number]
            self.refused[reason] = self.refused.get(reason, 0) + int(count)
        return bars.take(found == 0)

    def _grow(self) -> None:
        have, want = len(self._last), len(self.signals.tickers)
        if have >= want:
            return
        more = max(want, 2 * have, 16) - have
        fresh = np.zeros((more, T_WIDTH), np.int64)
        fresh[:, T_STAMP] = fresh[:, T_EXIT] = NONE
        self._tickers = np.concatenate([self._tickers, fresh])
        self._days = np.concatenate([self._days, np.zeros((more, SESSIONS_IN_MEAN), np.int64)])
        self._last = np.concatenate([self._last, np.full(more, UNSEEN, np.int64)])

    def _make_room(self) -> None:
        self._out = np.zeros((2 * len(self._out), R_WIDTH), np.int64)
        self._orders = np.concatenate([self._orders, np.zeros_like(self._orders)])


def rows_of(bars: BarColumns, scores: Scores, names: list[str]) -> Ints:
    """Return what happens, row by row: bars with their signals, and signals on news alone.

    At one stamp and ticker the bar comes first, then the signal on news, then the bar's own.
    """
    n = len(bars)
    rows = np.zeros((n, E_WIDTH), np.int64)
    rows[:, E_STAMP], rows[:, E_TICKER], rows[:, E_START] = bars.stamp, bars.code, bars.start
    rows[:, E_OPEN], rows[:, E_CLOSE], rows[:, E_VOLUME] = bars.open, bars.close, bars.volume
    rows[:, E_SIDE], rows[:, E_AS_OF] = scores.side, scores.as_of
    if not scores.between:
        rows[:, E_KIND] = np.where(scores.side != 0, IS_BAR | IS_SIGNAL, IS_BAR)
        return rows
    rows[:, E_KIND] = IS_BAR
    own = rows[scores.side != 0].copy()
    own[:, E_KIND] = IS_SIGNAL
    news = np.array([_news_row(signal) for signal in scores.between], np.int64)
    every = np.concatenate([rows, news, own])
    kind = np.repeat([0, 1, 2], [n, len(news), len(own)])
    place = np.argsort(np.argsort(np.array(names)))  # a ticker's place among the names
    order = np.lexsort((kind, place[every[:, E_TICKER]], every[:, E_STAMP]))
    return every[order]


def _news_row(signal: NewsSignal) -> list[int]:
    row = [0] * E_WIDTH
    row[E_STAMP], row[E_TICKER], row[E_KIND] = signal.stamp, signal.code, IS_SIGNAL
    row[E_SIDE], row[E_AS_OF] = signal.side, signal.as_of
    return row


def _vector(params: Params) -> Ints:
    risk, fills = params.risk, params.fills
    p = np.zeros(P_WIDTH, np.int64)
    p[P_POSITION], p[P_EXPOSURE] = risk.position_bps, risk.max_exposure_bps
    p[P_POSITIONS], p[P_STOP] = risk.max_positions, risk.stop_loss_bps
    p[P_COOLDOWN] = risk.cooldown_minutes * MINUTE_US
    p[P_PARTICIPATION] = risk.participation_bps
    p[P_STALE_PRICE] = risk.stale_price_seconds * SECOND_US
    p[P_STALE_NEWS] = risk.stale_sentiment_minutes * MINUTE_US
    p[P_SHORT], p[P_NEXT_OPEN] = risk.allow_short, fills.model == "next_open"
    p[P_SLIPPAGE], p[P_PER_SHARE] = fills.slippage_bps, fills.commission_per_share
    p[P_FEE_BPS], p[P_SNAPSHOT] = fills.commission_bps, params.account.snapshot_minutes * MINUTE_US
    p[P_OFF] = sum(1 << (1 + CHECKS.index(name)) for name in risk.off)
    return p
