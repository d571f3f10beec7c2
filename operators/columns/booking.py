"""What the columnar desk does to the account: orders placed, met and filled; rows written.

Compiled into the loop; step for step what `operators.trading.account` and the desk's order book do.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from operators.columns import layout as c
from operators.trading.arithmetic import commission_of, slipped

Ints = NDArray[np.int64]


@njit(cache=False)
def record(out: Ints, m: int, kind: int, row: int, stamp: int, k: int, s: Ints) -> int:
    """Begin a row of the record with the account as it is; returns the rows written."""
    r = out[m]
    r[c.R_KIND], r[c.R_ROW], r[c.R_STAMP], r[c.R_TICKER] = kind, row, stamp, k
    r[c.R_CASH], r[c.R_VALUE], r[c.R_REALIZED], r[c.R_HELD] = (
        s[c.S_CASH], s[c.S_VALUE], s[c.S_REALIZED], s[c.S_HELD],
    )  # fmt: skip
    return m + 1


@njit(cache=False)
def forget(t: Ints, s: Ints, o: Ints, i: int) -> None:
    """Take an order's reservation back; its row is the caller's business."""
    k = o[i, c.O_TICKER]
    if o[i, c.O_NOTIONAL]:
        s[c.S_RESERVED] -= o[i, c.O_NOTIONAL]
        t[k, c.T_ENTRY] -= 1
        s[c.S_ENTRIES] -= t[k, c.T_ENTRY] == 0
    else:
        t[k, c.T_SELLING] -= 1


@njit(cache=False)
def apply(
    t: Ints, s: Ints, k: int, stamp: int, qty: int, price: int, fee: int, trade: int, signal: int
) -> int:
    """Book a fill as `Account.apply` does; returns the profit, c.NONE when it closed nothing."""
    mark = t[k, c.T_PRICE]
    s[c.S_CASH] -= qty * price + fee
    old = t[k, c.T_QTY]
    pnl = c.NONE
    if old == 0 or (old > 0) == (qty > 0):
        if old == 0:
            t[k, c.T_OPENED], t[k, c.T_TRADE], t[k, c.T_SIGNAL] = stamp, trade, signal
            t[k, c.T_COST], t[k, c.T_FEES] = 0, 0
            s[c.S_HELD] += 1
        t[k, c.T_COST] += qty * price
        t[k, c.T_FEES] += fee
    else:
        closed = -qty
        cost = t[k, c.T_COST] * closed // old
        fees = t[k, c.T_FEES] * closed // old
        pnl = closed * price - cost - fees - fee
        s[c.S_REALIZED] += pnl
        t[k, c.T_COST] -= cost
        t[k, c.T_FEES] -= fees
        if closed == old:
            s[c.S_HELD] -= 1
            t[k, c.T_EXIT] = stamp
    t[k, c.T_QTY] = old + qty
    s[c.S_VALUE] += qty * mark
    s[c.S_GROSS] += (abs(old + qty) - abs(old)) * mark
    return pnl


@njit(cache=False)
def mark(t: Ints, s: Ints, k: int, price: int) -> None:
    """Take a new last price."""
    if t[k, c.T_QTY]:
        change = price - t[k, c.T_PRICE]
        s[c.S_VALUE] += t[k, c.T_QTY] * change
        s[c.S_GROSS] += abs(t[k, c.T_QTY]) * change
    t[k, c.T_PRICE] = price


@njit(cache=False)
def fill(
    row: int, stamp: int, k: int, order: int, qty: int, raw: int, trade: int, signal: int,
    t: Ints, s: Ints, p: Ints, out: Ints, m: int,
) -> int:  # fmt: skip
    """Book a fill at a raw price and write it down."""
    price = slipped(raw, qty, p[c.P_SLIPPAGE], p[c.P_VOLUME_SLIP], t[k, c.T_VOLUME])
    fee = commission_of(
        price, qty, p[c.P_PER_SHARE], p[c.P_FEE_BPS], p[c.P_SELL_PPM], p[c.P_SELL_1000]
    )
    pnl = apply(t, s, k, stamp, qty, price, fee, trade, signal)
    m = record(out, m, c.FILL, row, stamp, k, s)
    r = out[m - 1]
    r[c.R_QTY], r[c.R_PRICE], r[c.R_FEE], r[c.R_PNL] = qty, price, fee, pnl
    r[c.R_ORDER], r[c.R_TRADE] = order, trade
    return m


@njit(cache=False)
def place(
    row: int, stamp: int, k: int, qty: int, notional: int, trade: int,
    t: Ints, s: Ints, o: Ints, p: Ints, out: Ints, m: int,
) -> int:  # fmt: skip
    """Number an order; fill it at once on a bar of this stamp, or let it wait."""
    order = s[c.S_ORDERS]
    s[c.S_ORDERS] += 1
    if trade == c.NONE:
        trade = s[c.S_TRADES]
        s[c.S_TRADES] += 1
    if t[k, c.T_STAMP] == stamp and not p[c.P_NEXT_OPEN]:
        return fill(row, stamp, k, order, qty, t[k, c.T_PRICE], trade, row, t, s, p, out, m)
    i = s[c.S_WAITING]
    o[i, c.O_ID], o[i, c.O_TICKER], o[i, c.O_QTY], o[i, c.O_NOTIONAL] = order, k, qty, notional
    o[i, c.O_DECIDED], o[i, c.O_TRADE], o[i, c.O_SIGNAL] = stamp, trade, row
    s[c.S_WAITING] = i + 1
    if notional:
        s[c.S_ENTRIES] += t[k, c.T_ENTRY] == 0
        s[c.S_RESERVED] += notional
        t[k, c.T_ENTRY] += 1
    else:
        t[k, c.T_SELLING] += 1
    return m


@njit(cache=False)
def meet(row: int, e: Ints, k: int, t: Ints, s: Ints, o: Ints, p: Ints, out: Ints, m: int) -> int:
    """Fill the ticker's waiting orders that this bar meets, in the order they were placed."""
    waiting, kept = s[c.S_WAITING], 0
    for i in range(waiting):
        met = o[i, c.O_TICKER] == k and (not p[c.P_NEXT_OPEN] or e[c.E_START] >= o[i, c.O_DECIDED])
        if not met:
            if kept != i:
                o[kept] = o[i]
            kept += 1
            continue
        raw = e[c.E_OPEN] if p[c.P_NEXT_OPEN] else e[c.E_CLOSE]
        forget(t, s, o, i)
        mark(t, s, k, raw)
        m = fill(
            row, e[c.E_STAMP], k, o[i, c.O_ID], o[i, c.O_QTY], raw, o[i, c.O_TRADE],
            o[i, c.O_SIGNAL], t, s, p, out, m,
        )  # fmt: skip
    s[c.S_WAITING] = kept
    return m
