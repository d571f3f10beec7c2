"""The entry checks over columns, in their order, by the rules of `operators.trading.checks`."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from operators.columns import layout as c
from operators.trading.arithmetic import (
    affordable,
    below_positions,
    cooled_down,
    fresh_price,
    fresh_sentiment,
    some_shares,
    within_exposure,
    within_position,
    within_volume,
)

Ints = NDArray[np.int64]
(
    CLOSED, _STATE, STALE_PRICE, STALE_NEWS, HELD, COOLDOWN, POSITIONS, SHARE, POSITION, EXPOSURE,
    POWER, VOLUME,
) = range(1, 1 + len(c.CHECKS))  # fmt: skip


@njit(cache=False)
def is_open(stamp: int, opens: Ints, closes: Ints) -> bool:
    """Tell whether a stamp lies in a session."""
    i = np.searchsorted(opens, stamp, side="right") - 1
    return bool(i >= 0 and stamp < closes[i])


@njit(cache=False)
def first_denial(
    stamp: int, k: int, qty: int, as_of: int, opens: Ints, closes: Ints,
    t: Ints, days: Ints, s: Ints, p: Ints,
) -> tuple[int, int, int]:  # fmt: skip
    """Run the entry checks in their order; returns (code, limit, actual)."""
    off, equity = p[c.P_OFF], s[c.S_CASH] + s[c.S_VALUE]
    if not off & (1 << CLOSED) and not is_open(stamp, opens, closes):
        return CLOSED, 0, 0
    if not off & (1 << STALE_PRICE):
        if t[k, c.T_STAMP] == c.NONE:
            return STALE_PRICE, p[c.P_STALE_PRICE], c.NONE
        passed, limit, actual = fresh_price(stamp - t[k, c.T_STAMP], p[c.P_STALE_PRICE])
        if not passed:
            return STALE_PRICE, limit, actual
    if as_of != c.NO_NEWS and not off & (1 << STALE_NEWS):
        if as_of == c.UNKNOWN_NEWS:
            return STALE_NEWS, p[c.P_STALE_NEWS], c.NONE
        passed, limit, actual = fresh_sentiment(stamp - as_of, p[c.P_STALE_NEWS])
        if not passed:
            return STALE_NEWS, limit, actual
    if not off & (1 << HELD) and (t[k, c.T_QTY] or t[k, c.T_ENTRY]):
        return HELD, 0, t[k, c.T_QTY]
    if not off & (1 << COOLDOWN) and t[k, c.T_EXIT] != c.NONE:
        passed, limit, actual = cooled_down(stamp - t[k, c.T_EXIT], p[c.P_COOLDOWN])
        if not passed:
            return COOLDOWN, limit, actual
    if not off & (1 << POSITIONS):
        passed, limit, actual = below_positions(s[c.S_HELD] + s[c.S_ENTRIES], p[c.P_POSITIONS])
        if not passed:
            return POSITIONS, limit, actual
    passed, limit, actual = some_shares(qty)
    if not passed:
        return SHARE, limit, actual
    notional = abs(qty) * t[k, c.T_PRICE]
    if not off & (1 << POSITION):
        passed, limit, actual = within_position(notional, equity, p[c.P_POSITION])
        if not passed:
            return POSITION, limit, actual
    if not off & (1 << EXPOSURE):
        exposure = s[c.S_GROSS] + s[c.S_RESERVED] + notional
        passed, limit, actual = within_exposure(exposure, equity, p[c.P_EXPOSURE])
        if not passed:
            return EXPOSURE, limit, actual
    if not off & (1 << POWER):
        passed, limit, actual = affordable(notional, s[c.S_CASH] - s[c.S_RESERVED])
        if not passed:
            return POWER, limit, actual
    if not off & (1 << VOLUME):
        volume = t[k, c.T_VOLUME]
        if t[k, c.T_DAYS] >= c.SESSIONS_IN_MEAN:
            volume = min(volume, days[k].sum() // c.SESSIONS_IN_MEAN)
        passed, limit, actual = within_volume(qty, volume, p[c.P_PARTICIPATION])
        if not passed:
            return VOLUME, limit, actual
    return c.ACCEPTED, 0, 0
