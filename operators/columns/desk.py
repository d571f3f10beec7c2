"""The desk over columns: timers, stops, signals; the whole compiled into two entry points.

The sequence of `operators.trading.desk.Desk` for bars and signals (a backtest has no commands and
is always ACTIVE), by the very checks of `operators.checks` and the functions of
`operators.trading.arithmetic`. Row by row; nothing looks ahead.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numba.extending import register_jitable

from operators import checks
from operators.checks import ACTIVE, READY, UNKNOWN, Ask, chained
from operators.columns import booking, records
from operators.columns.booking import (
    cancel_exits,
    end,
    free_cash,
    mark,
    meet,
    place,
    record,
    release,
    write_off,
)
from operators.columns.records import (
    ACCEPTED,
    BEING_SOLD,
    BY_DELISTING,
    BY_SIGNAL,
    CODES,
    DECISION,
    IS_BAR,
    IS_SIGNAL,
    NO_POSITION,
    NONE,
    SNAPSHOT,
    Books,
    Ints,
    Row,
    Rows,
    Rules,
)
from operators.exits import NO_EXIT
from operators.fingerprint import fingerprint
from operators.trading import arithmetic
from operators.trading.arithmetic import (
    entry_cost,
    entry_shares,
    exit_of,
    round_trip_fees,
)
from operators.trading.last_bar import SESSIONS_IN_MEAN
from operators.trading.sessions import BEYOND, NEVER

MARGIN = 12  # records that one event may lead to, besides those of orders and positions
CLOSED = CODES.index("MARKET_CLOSED")
first_denial = chained(compiled=register_jitable)


@njit(cache=False)
def _is_open(stamp: int, opens: Ints, closes: Ints) -> bool:
    i = np.searchsorted(opens, stamp, side="right") - 1
    return bool(i >= 0 and stamp < closes[i])


@njit(cache=False)
def _decide(
    b: Books, row: int, stamp: int, k: int, cause: int, qty: int, denial: tuple[int, int, int]
) -> None:
    s = b.account[0]
    record(b, DECISION, row, stamp, k)
    r = b.out[s.written - 1]
    r.cause, r.qty = cause, qty
    r.code, r.limit, r.actual = denial
    r.order = s.orders if denial[0] == ACCEPTED else NONE


@njit(cache=False)
def _close_the_silent(b: Books, rules: Rules, stamp: int) -> None:
    """Close what has had no bar for too many sessions, the one that has just ended included."""
    ended = np.searchsorted(b.ends, stamp - 1, side="left")
    for i in range(b.alphabet.size):
        k = b.alphabet[i]
        t = b.tickers[k]
        if t.qty == 0:
            continue
        if ended - np.searchsorted(b.ends, t.stamp, side="left") < rules.exits.silent:
            continue
        cancel_exits(b, stamp, k)
        _decide(b, -1, stamp, k, BY_DELISTING, -t.qty, (ACCEPTED, 0, 0))
        write_off(b, rules, stamp, k)


@njit(cache=False)
def _session_closed(b: Books, rules: Rules, stamp: int) -> None:
    for k in range(b.tickers.shape[0]):
        t = b.tickers[k]
        if t.today:
            b.days[k, t.days % SESSIONS_IN_MEAN] = t.today
            t.days += 1
            t.today = 0
    if not rules.no_session_check:
        s = b.account[0]
        for i in range(s.waiting):
            end(b, -1, stamp, i)
            release(b, i)
        s.waiting = 0
    if rules.exits.silent:
        _close_the_silent(b, rules, stamp)
    record(b, SNAPSHOT, -1, stamp, -1)


@njit(cache=False)
def _fire(b: Books, rules: Rules, stamp: int) -> None:
    s = b.account[0]
    while True:
        due = min(s.close_due, s.snapshot_due)
        if due > stamp:
            return
        if due == s.close_due:
            s.close_due = NEVER
            _session_closed(b, rules, due)
        else:
            s.snapshot_due = NEVER
            record(b, SNAPSHOT, -1, due, -1)


@njit(cache=False)
def _arm(b: Books, rules: Rules, stamp: int) -> None:
    s = b.account[0]
    if s.snapshot_due == NEVER:
        every = rules.snapshot_every
        s.snapshot_due = stamp - stamp % every + every
    if s.close_due == NEVER:
        i = np.searchsorted(b.ends, stamp, side="left")
        s.close_due = b.ends[i] + 1 if i < b.ends.size else BEYOND


@njit(cache=False)
def _exit(
    b: Books, rules: Rules, row: int, stamp: int, k: int, cause: int, within: int, when: int
) -> None:
    t = b.tickers[k]
    qty, denial = -t.qty, (ACCEPTED, 0, 0)
    if not rules.no_session_check and not _is_open(when, b.opens, b.closes):
        denial = (CLOSED, 1, 0)
    elif t.exiting:
        denial = (NO_POSITION, 0, BEING_SOLD)
    _decide(b, row, stamp, k, cause, qty, denial)
    if denial[0] == ACCEPTED:
        place(b, rules, row, stamp, k, qty, 0, t.trade, within)


@njit(cache=False)
def _ask(b: Books, rules: Rules, stamp: int, k: int, side: int, age: int) -> Ask:
    s, t = b.account[0], b.tickers[k]
    equity, qty, price, volume, cost, fees = s.cash + s.value, 0, UNKNOWN, UNKNOWN, 0, 0
    if t.stamp != NONE:
        price, volume, costs = t.price, t.volume, rules.costs
        qty = entry_shares(
            equity, price, rules.position_bps, side, volume, costs, rules.net_of_costs
        )
        cost = entry_cost(price, qty, volume, costs)
        fees = round_trip_fees(price, qty, costs)
        if t.days >= SESSIONS_IN_MEAN:
            volume = min(volume, b.days[k].sum() // SESSIONS_IN_MEAN)
    return Ask(
        stamp, 1 if _is_open(stamp, b.opens, b.closes) else 0, ACTIVE, price, t.stamp, age,
        t.qty, t.entries, t.exit, s.held + s.entering, qty, cost, fees, equity,
        s.gross + s.reserved, free_cash(s, rules) - s.reserved, volume, READY,
    )  # fmt: skip


@njit(cache=False)
def _on_signal(b: Books, rules: Rules, row: int, stamp: int, k: int, side: int, age: int) -> None:
    held = b.tickers[k].qty
    if held and (held > 0) != (side > 0):
        _exit(b, rules, row, stamp, k, BY_SIGNAL, 0, stamp)
        return
    if side < 0 and not rules.short:
        _decide(b, row, stamp, k, BY_SIGNAL, side, (NO_POSITION, 0, 0))
        return
    ask = _ask(b, rules, stamp, k, side, age)
    denial = first_denial(ask, rules.limits)
    _decide(b, row, stamp, k, BY_SIGNAL, ask.qty if denial[0] == ACCEPTED else side, denial)
    if denial[0] == ACCEPTED:
        place(b, rules, row, stamp, k, ask.qty, -(-ask.cost // abs(ask.qty)), NONE, 0)


@njit(cache=False)
def _protect(b: Books, rules: Rules, row: int, e: Row) -> None:
    """Close a position whose stop or target the bar meets."""
    t, exits = b.tickers[e.ticker], rules.exits
    if t.qty == 0:
        return
    best = t.high if t.qty > 0 else t.low
    cause, price = exit_of(t.qty, t.cost, best, e.open, e.high, e.low, e.close, exits)
    if cause == NO_EXIT:
        return
    within, when = (price, e.start) if exits.within else (0, e.stamp)
    _exit(b, rules, row, e.stamp, e.ticker, cause, within, when)


@njit(cache=False)
def _note(t: Row, e: Row) -> None:
    """Take a bar into its ticker's row."""
    if t.stamp == NONE:
        t.price = e.close
    t.stamp, t.volume = e.stamp, e.volume
    t.today += e.volume


def _compiled(version: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the entry points; the version is in the key of the compiler's cache."""

    @njit(cache=True)
    def step_rows(events: Rows, start: int, b: Books, rules: Rules) -> int:
        """Advance the desk by events until they end or the record buffer is nearly full.

        Args:
            events: EVENT rows, sorted by stamp and ticker.
            start: first row to take.
            b: the state; its records are written from the beginning of the buffer.
            rules: the parameters.

        Returns:
            The row to go on with; the account says how many records were written.
        """
        s, tickers = b.account[0], b.tickers  # the books travel only where much happens
        within = rules.exits.within
        s.written = 0
        if version == "":
            return start
        for row in range(start, len(events)):
            room = len(b.out) - s.written - MARGIN
            if 2 * (s.waiting + s.held) > room or s.waiting + 4 > len(b.orders):
                return row
            e = events[row]
            t = tickers[e.ticker]
            if e.stamp >= s.close_due or e.stamp >= s.snapshot_due:
                _fire(b, rules, e.stamp)
            if e.kind & IS_BAR:
                if s.close_due == NEVER or s.snapshot_due == NEVER:
                    _arm(b, rules, e.stamp)
                _note(t, e)
                if within and not rules.next_open and t.qty:
                    _protect(b, rules, row, e)  # before an order that waits for the close
                if s.waiting:
                    meet(b, rules, row, e)
                if within and rules.next_open and t.qty:
                    _protect(b, rules, row, e)
                mark(s, t, e.close)
                if t.qty and (rules.next_open or t.opened < e.stamp):
                    t.top, t.bottom = max(t.top, e.high), min(t.bottom, e.low)
                if t.qty and not within:
                    t.high, t.low = max(t.high, e.close), min(t.low, e.close)
                    _protect(b, rules, row, e)
                elif t.qty and (rules.next_open or t.opened < e.stamp):
                    t.high, t.low = max(t.high, e.high), min(t.low, e.low)
            if e.kind & IS_SIGNAL:
                _on_signal(b, rules, row, e.stamp, e.ticker, e.side, e.news_age)
        return len(events)

    @njit(cache=True)
    def pass_time(until: int, ended: bool, b: Books, rules: Rules) -> None:
        """Fire what is due before a frontier, or at it when the input has ended.

        The buffer must have room for every waiting order and every position.
        """
        b.account[0].written = 0
        if version == "":
            return
        _fire(b, rules, until if ended else until - 1)
        if ended:
            record(b, SNAPSHOT, -1, until, -1)

    return step_rows, pass_time


step_rows, pass_time = _compiled(fingerprint(checks, arithmetic, records, booking))
