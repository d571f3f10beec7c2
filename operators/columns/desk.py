"""The desk over columns: timers, stops, checks, fills and the account, compiled.

Step for step what `operators.desk.Desk` does with bars and signals (a backtest has no commands),
by the same functions of `operators.rules`. Row by row in order; nothing looks ahead.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from operators.columns.layout import (
    ACCEPTED,
    BEING_SOLD,
    BEYOND,
    BY_SIGNAL,
    BY_STOP,
    CHECKS,
    DECISION,
    E_AS_OF,
    E_CLOSE,
    E_KIND,
    E_OPEN,
    E_SIDE,
    E_STAMP,
    E_START,
    E_TICKER,
    E_VOLUME,
    EXPIRY,
    FILL,
    IS_BAR,
    IS_SIGNAL,
    NEVER,
    NO_NEWS,
    NO_POSITION,
    NONE,
    O_DECIDED,
    O_ID,
    O_NOTIONAL,
    O_QTY,
    O_SIGNAL,
    O_TICKER,
    O_TRADE,
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
    R_ACTUAL,
    R_CASH,
    R_CAUSE,
    R_CODE,
    R_FEE,
    R_HELD,
    R_KIND,
    R_LIMIT,
    R_ORDER,
    R_PNL,
    R_PRICE,
    R_QTY,
    R_REALIZED,
    R_ROW,
    R_STAMP,
    R_TICKER,
    R_TRADE,
    R_VALUE,
    S_CASH,
    S_CLOSE_DUE,
    S_ENTRIES,
    S_GROSS,
    S_HELD,
    S_ORDERS,
    S_REALIZED,
    S_RESERVED,
    S_SNAPSHOT_DUE,
    S_TRADES,
    S_VALUE,
    S_WAITING,
    SESSIONS_IN_MEAN,
    SNAPSHOT,
    T_COST,
    T_DAYS,
    T_ENTRY,
    T_EXIT,
    T_FEES,
    T_OPENED,
    T_PRICE,
    T_QTY,
    T_SELLING,
    T_SIGNAL,
    T_STAMP,
    T_TODAY,
    T_TRADE,
    T_VOLUME,
    UNKNOWN_NEWS,
)
from operators.rules import (
    affordable,
    below_positions,
    commission_of,
    cooled_down,
    entry_shares,
    fresh_price,
    fresh_sentiment,
    is_stopped,
    slipped,
    some_shares,
    within_exposure,
    within_position,
    within_volume,
)

Ints = NDArray[np.int64]
MARGIN: Final = 12  # records that one row may lead to, expiries and waiting orders left out
(
    C_CLOSED, _C_STATE, C_STALE_PRICE, C_STALE_NEWS, C_HELD, C_COOLDOWN, C_POSITIONS, C_SHARE,
    C_POSITION, C_EXPOSURE, C_POWER, C_VOLUME,
) = range(1, 1 + len(CHECKS))  # fmt: skip


@njit(cache=True, inline="always")
def _is_open(stamp: int, opens: Ints, closes: Ints) -> bool:
    i = np.searchsorted(opens, stamp, side="right") - 1
    return bool(i >= 0 and stamp < closes[i])


@njit(cache=True)
def _record(out: Ints, m: int, kind: int, row: int, stamp: int, k: int, s: Ints) -> int:
    r = out[m]
    r[R_KIND], r[R_ROW], r[R_STAMP], r[R_TICKER] = kind, row, stamp, k
    r[R_CASH], r[R_VALUE], r[R_REALIZED], r[R_HELD] = (
        s[S_CASH], s[S_VALUE], s[S_REALIZED], s[S_HELD],
    )  # fmt: skip
    return m + 1


@njit(cache=True)
def _fire(stamp: int, t: Ints, days: Ints, s: Ints, o: Ints, p: Ints, out: Ints, m: int) -> int:
    while True:
        due = min(s[S_CLOSE_DUE], s[S_SNAPSHOT_DUE])
        if due > stamp:
            return m
        if due == s[S_CLOSE_DUE]:
            s[S_CLOSE_DUE] = NEVER
            m = _session_closed(due, t, days, s, o, p, out, m)
        else:
            s[S_SNAPSHOT_DUE] = NEVER
            m = _record(out, m, SNAPSHOT, -1, due, -1, s)


@njit(cache=True)
def _session_closed(
    stamp: int, t: Ints, days: Ints, s: Ints, o: Ints, p: Ints, out: Ints, m: int
) -> int:
    for k in range(t.shape[0]):
        if t[k, T_TODAY]:
            days[k, t[k, T_DAYS] % SESSIONS_IN_MEAN] = t[k, T_TODAY]
            t[k, T_DAYS] += 1
            t[k, T_TODAY] = 0
    if p[P_OFF] & (1 << C_CLOSED):
        return m
    for i in range(s[S_WAITING]):
        m = _record(out, m, EXPIRY, -1, stamp, o[i, O_TICKER], s)
        out[m - 1, R_ORDER], out[m - 1, R_QTY] = o[i, O_ID], o[i, O_QTY]
        out[m - 1, R_TRADE] = o[i, O_TRADE]
        _forget(t, s, o, i)
    s[S_WAITING] = 0
    return m


@njit(cache=True)
def _forget(t: Ints, s: Ints, o: Ints, i: int) -> None:
    """Take an order's reservation back; its row is the caller's business."""
    k = o[i, O_TICKER]
    if o[i, O_NOTIONAL]:
        s[S_RESERVED] -= o[i, O_NOTIONAL]
        t[k, T_ENTRY] -= 1
        s[S_ENTRIES] -= t[k, T_ENTRY] == 0
    else:
        t[k, T_SELLING] -= 1


@njit(cache=True)
def _apply(
    t: Ints, s: Ints, k: int, stamp: int, qty: int, price: int, fee: int, trade: int, signal: int
) -> int:
    """Book a fill as `Account.apply` does; returns the profit, NONE when it closed nothing."""
    mark = t[k, T_PRICE]
    s[S_CASH] -= qty * price + fee
    old = t[k, T_QTY]
    pnl = NONE
    if old == 0 or (old > 0) == (qty > 0):
        if old == 0:
            t[k, T_OPENED], t[k, T_TRADE], t[k, T_SIGNAL] = stamp, trade, signal
            t[k, T_COST], t[k, T_FEES] = 0, 0
            s[S_HELD] += 1
        t[k, T_COST] += qty * price
        t[k, T_FEES] += fee
    else:
        closed = -qty
        cost = t[k, T_COST] * closed // old
        fees = t[k, T_FEES] * closed // old
        pnl = closed * price - cost - fees - fee
        s[S_REALIZED] += pnl
        t[k, T_COST] -= cost
        t[k, T_FEES] -= fees
        if closed == old:
            s[S_HELD] -= 1
            t[k, T_EXIT] = stamp
    t[k, T_QTY] = old + qty
    s[S_VALUE] += qty * mark
    s[S_GROSS] += (abs(old + qty) - abs(old)) * mark
    return pnl


@njit(cache=True)
def _mark(t: Ints, s: Ints, k: int, price: int) -> None:
    if t[k, T_QTY]:
        change = price - t[k, T_PRICE]
        s[S_VALUE] += t[k, T_QTY] * change
        s[S_GROSS] += abs(t[k, T_QTY]) * change
    t[k, T_PRICE] = price


@njit(cache=True)
def _fill(
    row: int, stamp: int, k: int, order: int, qty: int, raw: int, trade: int, signal: int,
    t: Ints, s: Ints, p: Ints, out: Ints, m: int,
) -> int:  # fmt: skip
    price = slipped(raw, qty, p[P_SLIPPAGE])
    fee = commission_of(price, qty, p[P_PER_SHARE], p[P_FEE_BPS])
    pnl = _apply(t, s, k, stamp, qty, price, fee, trade, signal)
    m = _record(out, m, FILL, row, stamp, k, s)
    r = out[m - 1]
    r[R_QTY], r[R_PRICE], r[R_FEE], r[R_PNL] = qty, price, fee, pnl
    r[R_ORDER], r[R_TRADE] = order, trade
    return m


@njit(cache=True)
def _decide(
    row: int, stamp: int, k: int, cause: int, qty: int, code: int, limit: int, actual: int,
    s: Ints, out: Ints, m: int,
) -> int:  # fmt: skip
    m = _record(out, m, DECISION, row, stamp, k, s)
    r = out[m - 1]
    r[R_CAUSE], r[R_QTY], r[R_CODE], r[R_LIMIT], r[R_ACTUAL] = cause, qty, code, limit, actual
    r[R_ORDER] = s[S_ORDERS] if code == ACCEPTED else NONE
    return m


@njit(cache=True)
def _place(
    row: int, stamp: int, k: int, qty: int, notional: int, trade: int,
    t: Ints, s: Ints, o: Ints, p: Ints, out: Ints, m: int,
) -> int:  # fmt: skip
    order = s[S_ORDERS]
    s[S_ORDERS] += 1
    if trade == NONE:
        trade = s[S_TRADES]
        s[S_TRADES] += 1
    if t[k, T_STAMP] == stamp and not p[P_NEXT_OPEN]:
        return _fill(row, stamp, k, order, qty, t[k, T_PRICE], trade, row, t, s, p, out, m)
    i = s[S_WAITING]
    o[i, O_ID], o[i, O_TICKER], o[i, O_QTY], o[i, O_NOTIONAL] = order, k, qty, notional
    o[i, O_DECIDED], o[i, O_TRADE], o[i, O_SIGNAL] = stamp, trade, row
    s[S_WAITING] = i + 1
    if notional:
        s[S_ENTRIES] += t[k, T_ENTRY] == 0
        s[S_RESERVED] += notional
        t[k, T_ENTRY] += 1
    else:
        t[k, T_SELLING] += 1
    return m


@njit(cache=True)
def _exit(
    row: int, stamp: int, k: int, cause: int, opens: Ints, closes: Ints,
    t: Ints, s: Ints, o: Ints, p: Ints, out: Ints, m: int,
) -> int:  # fmt: skip
    qty = -t[k, T_QTY]
    if not (p[P_OFF] & (1 << C_CLOSED)) and not _is_open(stamp, opens, closes):
        return _decide(row, stamp, k, cause, qty, C_CLOSED, 0, 0, s, out, m)
    if t[k, T_SELLING]:
        return _decide(row, stamp, k, cause, qty, NO_POSITION, 0, BEING_SOLD, s, out, m)
    m = _decide(row, stamp, k, cause, qty, ACCEPTED, 0, 0, s, out, m)
    return _place(row, stamp, k, qty, 0, t[k, T_TRADE], t, s, o, p, out, m)


@njit(cache=True)
def _first_denial(
    stamp: int, k: int, qty: int, as_of: int, opens: Ints, closes: Ints,
    t: Ints, days: Ints, s: Ints, p: Ints,
) -> tuple[int, int, int]:  # fmt: skip
    """Run the entry checks in their order; returns (code, limit, actual)."""
    off, equity = p[P_OFF], s[S_CASH] + s[S_VALUE]
    if not off & (1 << C_CLOSED) and not _is_open(stamp, opens, closes):
        return C_CLOSED, 0, 0
    if not off & (1 << C_STALE_PRICE):
        if t[k, T_STAMP] == NONE:
            return C_STALE_PRICE, p[P_STALE_PRICE], NONE
        passed, limit, actual = fresh_price(stamp - t[k, T_STAMP], p[P_STALE_PRICE])
        if not passed:
            return C_STALE_PRICE, limit, actual
    if as_of != NO_NEWS and not off & (1 << C_STALE_NEWS):
        if as_of == UNKNOWN_NEWS:
            return C_STALE_NEWS, p[P_STALE_NEWS], NONE
        passed, limit, actual = fresh_sentiment(stamp - as_of, p[P_STALE_NEWS])
        if not passed:
            return C_STALE_NEWS, limit, actual
    if not off & (1 << C_HELD) and (t[k, T_QTY] or t[k, T_ENTRY]):
        return C_HELD, 0, t[k, T_QTY]
    if not off & (1 << C_COOLDOWN) and t[k, T_EXIT] != NONE:
        passed, limit, actual = cooled_down(stamp - t[k, T_EXIT], p[P_COOLDOWN])
        if not passed:
            return C_COOLDOWN, limit, actual
    if not off & (1 << C_POSITIONS):
        passed, limit, actual = below_positions(s[S_HELD] + s[S_ENTRIES], p[P_POSITIONS])
        if not passed:
            return C_POSITIONS, limit, actual
    passed, limit, actual = some_shares(qty)
    if not passed:
        return C_SHARE, limit, actual
    notional = abs(qty) * t[k, T_PRICE]
    if not off & (1 << C_POSITION):
        passed, limit, actual = within_position(notional, equity, p[P_POSITION])
        if not passed:
            return C_POSITION, limit, actual
    if not off & (1 << C_EXPOSURE):
        exposure = s[S_GROSS] + s[S_RESERVED] + notional
        passed, limit, actual = within_exposure(exposure, equity, p[P_EXPOSURE])
        if not passed:
            return C_EXPOSURE, limit, actual
    if not off & (1 << C_POWER):
        passed, limit, actual = affordable(notional, s[S_CASH] - s[S_RESERVED])
        if not passed:
            return C_POWER, limit, actual
    if not off & (1 << C_VOLUME):
        volume = t[k, T_VOLUME]
        if t[k, T_DAYS] >= SESSIONS_IN_MEAN:
            volume = min(volume, days[k].sum() // SESSIONS_IN_MEAN)
        passed, limit, actual = within_volume(qty, volume, p[P_PARTICIPATION])
        if not passed:
            return C_VOLUME, limit, actual
    return ACCEPTED, 0, 0


@njit(cache=True)
def _on_signal(
    row: int, stamp: int, k: int, side: int, as_of: int, opens: Ints, closes: Ints,
    t: Ints, days: Ints, s: Ints, o: Ints, p: Ints, out: Ints, m: int,
) -> int:  # fmt: skip
    held = t[k, T_QTY]
    if held and (held > 0) != (side > 0):
        return _exit(row, stamp, k, BY_SIGNAL, opens, closes, t, s, o, p, out, m)
    if side < 0 and not p[P_SHORT]:
        return _decide(row, stamp, k, BY_SIGNAL, side, NO_POSITION, 0, 0, s, out, m)
    qty = 0
    if t[k, T_STAMP] != NONE:
        qty = side * entry_shares(s[S_CASH] + s[S_VALUE], t[k, T_PRICE], p[P_POSITION])
    code, limit, actual = _first_denial(stamp, k, qty, as_of, opens, closes, t, days, s, p)
    shown = qty if code == ACCEPTED else side
    m = _decide(row, stamp, k, BY_SIGNAL, shown, code, limit, actual, s, out, m)
    if code != ACCEPTED:
        return m
    notional = abs(qty) * t[k, T_PRICE]
    return _place(row, stamp, k, qty, notional, NONE, t, s, o, p, out, m)


@njit(cache=True)
def _meet(row: int, e: Ints, k: int, t: Ints, s: Ints, o: Ints, p: Ints, out: Ints, m: int) -> int:
    """Fill the ticker's waiting orders that this bar meets, in the order they were placed."""
    waiting, kept = s[S_WAITING], 0
    for i in range(waiting):
        met = o[i, O_TICKER] == k and (not p[P_NEXT_OPEN] or e[E_START] >= o[i, O_DECIDED])
        if not met:
            if kept != i:
                o[kept] = o[i]
            kept += 1
            continue
        raw = e[E_OPEN] if p[P_NEXT_OPEN] else e[E_CLOSE]
        _forget(t, s, o, i)
        _mark(t, s, k, raw)
        m = _fill(
            row, e[E_STAMP], k, o[i, O_ID], o[i, O_QTY], raw, o[i, O_TRADE], o[i, O_SIGNAL],
            t, s, p, out, m,
        )  # fmt: skip
    s[S_WAITING] = kept
    return m


@njit(cache=True)
def _arm(stamp: int, closes: Ints, s: Ints, p: Ints) -> None:
    if s[S_SNAPSHOT_DUE] == NEVER:
        every = p[P_SNAPSHOT]
        s[S_SNAPSHOT_DUE] = stamp - stamp % every + every
    if s[S_CLOSE_DUE] == NEVER:
        i = np.searchsorted(closes, stamp - 1, side="right")
        s[S_CLOSE_DUE] = closes[i] + 1 if i < closes.size else BEYOND


@njit(cache=True)
def step_rows(
    events: Ints, start: int, opens: Ints, closes: Ints,
    t: Ints, days: Ints, s: Ints, o: Ints, p: Ints, out: Ints,
) -> tuple[int, int]:  # fmt: skip
    """Advance the desk by rows of events until they end or the record buffer is nearly full.

    Args:
        events: (rows, E_WIDTH), sorted by stamp and ticker.
        start: first row to take.
        opens: of the sessions, microseconds.
        closes: of the same sessions.
        t: (tickers, T_WIDTH) state.
        days: (tickers, 20) session volumes.
        s: (S_WIDTH) the account.
        o: (orders, O_WIDTH) waiting orders.
        p: (P_WIDTH) parameters.
        out: (records, R_WIDTH) buffer, written from its beginning.

    Returns:
        The row to go on with, and how many records were written.
    """
    m = 0
    for row in range(start, events.shape[0]):
        if m + MARGIN + s[S_WAITING] * 2 > out.shape[0] or s[S_WAITING] + 4 > o.shape[0]:
            return row, m
        e = events[row]
        stamp, k = e[E_STAMP], e[E_TICKER]
        if stamp >= s[S_CLOSE_DUE] or stamp >= s[S_SNAPSHOT_DUE]:
            m = _fire(stamp, t, days, s, o, p, out, m)
        if e[E_KIND] & IS_BAR:
            price = e[E_CLOSE]
            if s[S_CLOSE_DUE] == NEVER or s[S_SNAPSHOT_DUE] == NEVER:
                _arm(stamp, closes, s, p)
            if t[k, T_STAMP] == NONE:
                t[k, T_PRICE] = price
            t[k, T_STAMP], t[k, T_VOLUME] = stamp, e[E_VOLUME]
            t[k, T_TODAY] += e[E_VOLUME]
            if s[S_WAITING]:
                m = _meet(row, e, k, t, s, o, p, out, m)
            if t[k, T_QTY]:
                _mark(t, s, k, price)
                if is_stopped(t[k, T_QTY], t[k, T_COST], price, p[P_STOP]):
                    m = _exit(row, stamp, k, BY_STOP, opens, closes, t, s, o, p, out, m)
            else:
                t[k, T_PRICE] = price
        if e[E_KIND] & IS_SIGNAL:
            m = _on_signal(
                row, stamp, k, e[E_SIDE], e[E_AS_OF], opens, closes, t, days, s, o, p, out, m
            )
    return events.shape[0], m


@njit(cache=True)
def pass_time(
    until: int, ended: bool, t: Ints, days: Ints, s: Ints, o: Ints, p: Ints, out: Ints
) -> int:
    """Fire what is due before a frontier, or at it when the input has ended; returns records.

    The buffer must have room for every waiting order.
    """
    m = _fire(until if ended else until - 1, t, days, s, o, p, out, 0)
    if ended:
        m = _record(out, m, SNAPSHOT, -1, until, -1, s)
    return m
