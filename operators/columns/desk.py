"""The desk over columns: timers, stops, signals; the whole compiled into two entry points.

Step for step what `operators.trading.desk.Desk` does with bars and signals (a backtest has no
commands), by the functions of `operators.trading.arithmetic`. Row by row; nothing looks ahead.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from operators.columns import booking, checks
from operators.columns import layout as c
from operators.columns.booking import forget, mark, meet, place, record
from operators.columns.checks import CLOSED, first_denial, is_open
from operators.columns.fingerprint import fingerprint
from operators.trading import arithmetic as rules
from operators.trading.arithmetic import entry_shares, is_stopped

Ints = NDArray[np.int64]
MARGIN = 12  # rows that one event may lead to, expiries and waiting orders left out


@njit(cache=False)
def _session_closed(
    stamp: int, t: Ints, days: Ints, s: Ints, o: Ints, p: Ints, out: Ints, m: int
) -> int:
    for k in range(t.shape[0]):
        if t[k, c.T_TODAY]:
            days[k, t[k, c.T_DAYS] % c.SESSIONS_IN_MEAN] = t[k, c.T_TODAY]
            t[k, c.T_DAYS] += 1
            t[k, c.T_TODAY] = 0
    if p[c.P_OFF] & (1 << CLOSED):
        return m
    for i in range(s[c.S_WAITING]):
        m = record(out, m, c.EXPIRY, -1, stamp, o[i, c.O_TICKER], s)
        out[m - 1, c.R_ORDER], out[m - 1, c.R_QTY] = o[i, c.O_ID], o[i, c.O_QTY]
        out[m - 1, c.R_TRADE] = o[i, c.O_TRADE]
        forget(t, s, o, i)
    s[c.S_WAITING] = 0
    return m


@njit(cache=False)
def _fire(stamp: int, t: Ints, days: Ints, s: Ints, o: Ints, p: Ints, out: Ints, m: int) -> int:
    while True:
        due = min(s[c.S_CLOSE_DUE], s[c.S_SNAPSHOT_DUE])
        if due > stamp:
            return m
        if due == s[c.S_CLOSE_DUE]:
            s[c.S_CLOSE_DUE] = c.NEVER
            m = _session_closed(due, t, days, s, o, p, out, m)
        else:
            s[c.S_SNAPSHOT_DUE] = c.NEVER
            m = record(out, m, c.SNAPSHOT, -1, due, -1, s)


@njit(cache=False)
def _decide(
    row: int, stamp: int, k: int, cause: int, qty: int, code: int, limit: int, actual: int,
    s: Ints, out: Ints, m: int,
) -> int:  # fmt: skip
    m = record(out, m, c.DECISION, row, stamp, k, s)
    r = out[m - 1]
    r[c.R_CAUSE], r[c.R_QTY], r[c.R_CODE], r[c.R_LIMIT], r[c.R_ACTUAL] = (
        cause,
        qty,
        code,
        limit,
        actual,
    )
    r[c.R_ORDER] = s[c.S_ORDERS] if code == c.ACCEPTED else c.NONE
    return m


@njit(cache=False)
def _exit(
    row: int, stamp: int, k: int, cause: int, opens: Ints, closes: Ints,
    t: Ints, s: Ints, o: Ints, p: Ints, out: Ints, m: int,
) -> int:  # fmt: skip
    qty = -t[k, c.T_QTY]
    if not (p[c.P_OFF] & (1 << CLOSED)) and not is_open(stamp, opens, closes):
        return _decide(row, stamp, k, cause, qty, CLOSED, 0, 0, s, out, m)
    if t[k, c.T_SELLING]:
        return _decide(row, stamp, k, cause, qty, c.NO_POSITION, 0, c.BEING_SOLD, s, out, m)
    m = _decide(row, stamp, k, cause, qty, c.ACCEPTED, 0, 0, s, out, m)
    return place(row, stamp, k, qty, 0, t[k, c.T_TRADE], t, s, o, p, out, m)


@njit(cache=False)
def _on_signal(
    row: int, stamp: int, k: int, side: int, as_of: int, opens: Ints, closes: Ints,
    t: Ints, days: Ints, s: Ints, o: Ints, p: Ints, out: Ints, m: int,
) -> int:  # fmt: skip
    held = t[k, c.T_QTY]
    if held and (held > 0) != (side > 0):
        return _exit(row, stamp, k, c.BY_SIGNAL, opens, closes, t, s, o, p, out, m)
    if side < 0 and not p[c.P_SHORT]:
        return _decide(row, stamp, k, c.BY_SIGNAL, side, c.NO_POSITION, 0, 0, s, out, m)
    qty = 0
    if t[k, c.T_STAMP] != c.NONE:
        qty = side * entry_shares(s[c.S_CASH] + s[c.S_VALUE], t[k, c.T_PRICE], p[c.P_POSITION])
    code, limit, actual = first_denial(stamp, k, qty, as_of, opens, closes, t, days, s, p)
    shown = qty if code == c.ACCEPTED else side
    m = _decide(row, stamp, k, c.BY_SIGNAL, shown, code, limit, actual, s, out, m)
    if code != c.ACCEPTED:
        return m
    notional = abs(qty) * t[k, c.T_PRICE]
    return place(row, stamp, k, qty, notional, c.NONE, t, s, o, p, out, m)


@njit(cache=False)
def _arm(stamp: int, closes: Ints, s: Ints, p: Ints) -> None:
    if s[c.S_SNAPSHOT_DUE] == c.NEVER:
        every = p[c.P_SNAPSHOT]
        s[c.S_SNAPSHOT_DUE] = stamp - stamp % every + every
    if s[c.S_CLOSE_DUE] == c.NEVER:
        i = np.searchsorted(closes, stamp - 1, side="right")
        s[c.S_CLOSE_DUE] = closes[i] + 1 if i < closes.size else c.BEYOND


def _compiled(version: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the entry points; the version is in the key of the compiler's cache."""

    @njit(cache=True)
    def step_rows(
        events: Ints, start: int, opens: Ints, closes: Ints,
        t: Ints, days: Ints, s: Ints, o: Ints, p: Ints, out: Ints,
    ) -> tuple[int, int]:  # fmt: skip
        """Advance the desk by rows of events until they end or the record buffer is nearly full.

        Args:
            events: (rows, c.E_WIDTH), sorted by stamp and ticker.
            start: first row to take.
            opens: of the sessions, microseconds.
            closes: of the same sessions.
            t: (tickers, c.T_WIDTH) state.
            days: (tickers, 20) session volumes.
            s: (c.S_WIDTH) the account.
            o: (orders, c.O_WIDTH) waiting orders.
            p: (c.P_WIDTH) parameters.
            out: (records, c.R_WIDTH) buffer, written from its beginning.

        Returns:
            The row to go on with, and how many records were written.
        """
        m = 0
        if version == "":
            return start, m
        for row in range(start, events.shape[0]):
            if m + MARGIN + s[c.S_WAITING] * 2 > out.shape[0] or s[c.S_WAITING] + 4 > o.shape[0]:
                return row, m
            e = events[row]
            stamp, k = e[c.E_STAMP], e[c.E_TICKER]
            if stamp >= s[c.S_CLOSE_DUE] or stamp >= s[c.S_SNAPSHOT_DUE]:
                m = _fire(stamp, t, days, s, o, p, out, m)
            if e[c.E_KIND] & c.IS_BAR:
                price = e[c.E_CLOSE]
                if s[c.S_CLOSE_DUE] == c.NEVER or s[c.S_SNAPSHOT_DUE] == c.NEVER:
                    _arm(stamp, closes, s, p)
                if t[k, c.T_STAMP] == c.NONE:
                    t[k, c.T_PRICE] = price
                t[k, c.T_STAMP], t[k, c.T_VOLUME] = stamp, e[c.E_VOLUME]
                t[k, c.T_TODAY] += e[c.E_VOLUME]
                if s[c.S_WAITING]:
                    m = meet(row, e, k, t, s, o, p, out, m)
                if t[k, c.T_QTY]:
                    mark(t, s, k, price)
                    if is_stopped(t[k, c.T_QTY], t[k, c.T_COST], price, p[c.P_STOP]):
                        m = _exit(row, stamp, k, c.BY_STOP, opens, closes, t, s, o, p, out, m)
                else:
                    t[k, c.T_PRICE] = price
            if e[c.E_KIND] & c.IS_SIGNAL:
                m = _on_signal(
                    row,
                    stamp,
                    k,
                    e[c.E_SIDE],
                    e[c.E_AS_OF],
                    opens,
                    closes,
                    t,
                    days,
                    s,
                    o,
                    p,
                    out,
                    m,
                )
        return events.shape[0], m

    @njit(cache=True)
    def pass_time(
        until: int, ended: bool, t: Ints, days: Ints, s: Ints, o: Ints, p: Ints, out: Ints
    ) -> int:
        """Fire what is due before a frontier, or at it when the input has ended; returns records.

        The buffer must have room for every waiting order.
        """
        if version == "":
            return 0
        m = _fire(until if ended else until - 1, t, days, s, o, p, out, 0)
        if ended:
            m = record(out, m, c.SNAPSHOT, -1, until, -1, s)
        return m

    return step_rows, pass_time


step_rows, pass_time = _compiled(fingerprint(rules, c, booking, checks))
