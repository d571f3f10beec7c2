"""The technical strategies' state per ticker, and its step, compiled.

One numerical path for one bar or a day of bars: windows as rings with exact integer sums, the rules
of `momentum` and `mean_reversion` on them; no fastmath.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numba import njit
from numba.extending import register_jitable
from numpy.typing import NDArray

from operators.fingerprint import fingerprint
from operators.states import State
from operators.strategies import mean_reversion, momentum
from operators.strategies.arrays import Array
from operators.strategies.mean_reversion import reversion_vote, rsi_of, wilder
from operators.strategies.momentum import momentum_vote

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

N, SUM_C, SUM_V, PREV_C, PREV_SUM = range(5)
UNITS: Final = 10_000.0


def units_of(dollars: Floats) -> Ints:
    """Convert prices in dollars to units, each exactly as `messages.units.to_units` does."""
    return np.rint(dollars * UNITS).astype(np.int64)


def _compiled(version: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return `step_bars` and `step_bar`; `version` is part of their cache's key."""

    @register_jitable(inline="always")
    def advance(
        k: int, c: int, v: int, state: Ints, closes: Ints, volumes: Ints, averages: Floats,
        window: int, mom_full: float, period: int, low: float, high: float, rev_full: float,
    ) -> tuple[float, float]:  # fmt: skip
        n = state[k, N]
        slot = n % window
        prev, prev_sum = state[k, PREV_C], state[k, PREV_SUM]
        sum_c = state[k, SUM_C] + c - closes[k, slot]
        sum_v = state[k, SUM_V] + v - volumes[k, slot]
        closes[k, slot], volumes[k, slot] = c, v
        momentum = 0.0
        if n >= window:
            momentum = momentum_vote(c, v, prev, prev_sum, sum_c, sum_v, window, mom_full)
        reversion = 0.0
        if n > 0:
            change = (c - prev) / UNITS
            gain = wilder(averages[k, 0], max(change, 0.0), n, period)
            loss = wilder(averages[k, 1], max(-change, 0.0), n, period)
            averages[k, 0], averages[k, 1] = gain, loss
            if n >= period:
                reversion = reversion_vote(rsi_of(gain, loss), low, high, rev_full)
        state[k, N], state[k, SUM_C], state[k, SUM_V] = n + 1, sum_c, sum_v
        state[k, PREV_C], state[k, PREV_SUM] = c, sum_c
        return momentum, reversion

    @njit(cache=True)
    def step_bars(
        code: Ints, close: Ints, volume: Ints,
        state: Ints, closes: Ints, volumes: Ints, averages: Floats,
        window: int, mom_full: float, period: int, low: float, high: float, rev_full: float,
        momentum: Floats, reversion: Floats,
    ) -> None:  # fmt: skip
        """Advance every ticker by its bars and write each bar's signed vote strengths.

        Args:
            code: per bar, row of its ticker in the state arrays.
            close: units of 1/10,000 dollar.
            volume: shares.
            state: (tickers, 5) int64: bars seen, sums of the windows, previous close and sum.
            closes: (tickers, window) ring of closes.
            volumes: (tickers, window) ring of volumes.
            averages: (tickers, 2) average gain and loss, dollars.
            window: bars in the moving averages.
            mom_full: relative distance that is strength 1.
            period: of the RSI.
            low: RSI below it votes LONG.
            high: RSI above it votes SHORT.
            rev_full: RSI points beyond the band that are strength 1.
            momentum: out; > 0 LONG, < 0 SHORT, 0 no vote.
            reversion: out; likewise.
        """
        if version == "":
            return
        for j in range(code.size):
            momentum[j], reversion[j] = advance(
                code[j], close[j], volume[j], state, closes, volumes, averages,
                window, mom_full, period, low, high, rev_full,
            )  # fmt: skip

    @njit(cache=True)
    def step_bar(
        k: int, close: int, volume: int, state: Ints, closes: Ints, volumes: Ints,
        averages: Floats, numbers: Floats,
    ) -> tuple[float, float]:  # fmt: skip
        """Advance one ticker by one bar, as it comes live; returns the signed vote strengths.

        Args:
            k: row of the ticker.
            close: units of 1/10,000 dollar.
            volume: shares.
            state: as in `step_bars`, and the arrays after it.
            closes: likewise.
            volumes: likewise.
            averages: likewise.
            numbers: window, mom_full, period, low, high, rev_full.
        """
        if version == "":
            return 0.0, 0.0
        return advance(
            k, close, volume, state, closes, volumes, averages, int(numbers[0]), numbers[1],
            int(numbers[2]), numbers[3], numbers[4], numbers[5],
        )  # fmt: skip

    return step_bars, step_bar


step_bars, step_bar = _compiled(fingerprint(momentum, mean_reversion))


class RowsState(State):
    """The arrays of `TickerRows`, and each ticker's row in them."""

    rows: dict[str, int]
    state: Array
    closes: Array
    volumes: Array
    averages: Array


class TickerRows:
    """The state of all tickers as arrays that grow; a ticker's row is the order it came in."""

    def __init__(self, window: int, state: RowsState | None = None) -> None:
        """Start empty or from a snapshot."""
        self.window = window
        self.rows: dict[str, int] = {}
        self.state = np.zeros((0, 5), np.int64)
        self.closes = np.zeros((0, window), np.int64)
        self.volumes = np.zeros((0, window), np.int64)
        self.averages = np.zeros((0, 2), np.float64)
        if state is not None:
            self.rows = dict(state.rows)
            self.state = state.state.array("<i8", 5)
            self.closes = state.closes.array("<i8", window)
            self.volumes = state.volumes.array("<i8", window)
            self.averages = state.averages.array("<f8", 2)

    def row(self, ticker: str) -> int:
        """Return a ticker's row, a new one for a new ticker."""
        row = self.rows.get(ticker)
        if row is None:
            row = self.rows[ticker] = len(self.rows)
            if row >= len(self.state):
                self._grow(max(16, 2 * row))
        return row

    def snapshot(self) -> RowsState:
        """Return copies of all rows."""
        return RowsState(
            rows=dict(self.rows), state=Array.of(self.state), closes=Array.of(self.closes),
            volumes=Array.of(self.volumes), averages=Array.of(self.averages),
        )  # fmt: skip

    def _grow(self, rows: int) -> None:
        for name in ("state", "closes", "volumes", "averages"):
            old = getattr(self, name)
            new = np.zeros((rows, old.shape[1]), old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)
