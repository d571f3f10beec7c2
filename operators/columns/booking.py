"""What the columnar desk does to the account: orders placed, met and filled; records written.

Compiled into the loop. Booking and costs are the functions of `operators.trading.arithmetic`.
"""

from numba import njit

from operators.columns.records import END, FILL, NONE, Books, Row, Rules
from operators.trading.arithmetic import booked, commission_of, exit_reserve, slipped, within


@njit(cache=False)
def record(b: Books, kind: int, row: int, stamp: int, k: int) -> None:
    """Begin a record with the account as it is; it is the last one of the buffer then."""
    s = b.account[0]
    r = b.out[s.written]
    r.kind, r.row, r.stamp, r.ticker = kind, row, stamp, k
    r.cash, r.value, r.realized, r.held = s.cash, s.value, s.realized, s.held
    s.written += 1


@njit(cache=False)
def release(b: Books, i: int) -> None:
    """Take a waiting order's reservation back; its row is the caller's business."""
    s, o = b.account[0], b.orders[i]
    t = b.tickers[o.ticker]
    if o.reserve:
        s.reserved -= abs(o.qty) * o.reserve
        t.entries -= 1
        s.entering -= t.entries == 0
    else:
        t.exiting -= 1


@njit(cache=False)
def apply(b: Books, k: int, stamp: int, qty: int, price: int, fee: int, trade: int) -> int:
    """Book a fill as `Account.apply` does; returns the profit, NONE when it closed nothing."""
    s, t = b.account[0], b.tickers[k]
    s.cash -= qty * price + fee
    held = t.qty
    if held == 0:
        t.opened, t.trade, t.cost, t.fees = stamp, trade, 0, 0
        t.high = t.low = t.top = t.bottom = t.price
        s.held += 1
    new = booked(held, t.cost, t.fees, qty, price, fee)
    t.qty, t.cost, t.fees = new.qty, new.cost, new.fees
    s.value += qty * t.price
    s.gross += (abs(new.qty) - abs(held)) * t.price
    s.shares += abs(new.qty) - abs(held)
    s.realized += new.profit
    if not new.closes:
        return NONE
    if new.qty == 0:
        s.held -= 1
        t.exit = stamp
    return new.profit


@njit(cache=False)
def mark(s: Row, t: Row, price: int) -> None:
    """Take a new last price of a ticker's row into the account's."""
    if t.qty:
        change = price - t.price
        s.value += t.qty * change
        s.gross += abs(t.qty) * change
    t.price = price


@njit(cache=False)
def fill(
    b: Books, rules: Rules, row: int, stamp: int, k: int, order: int, qty: int, raw: int,
    trade: int, asked: int,
) -> None:  # fmt: skip
    """Fill shares of an order at a raw price, book them and record it.

    `asked`: the market's price when the order was decided.
    """
    costs, t = rules.costs, b.tickers[k]
    volume = t.volume
    high, low = max(t.top, raw), min(t.bottom, raw)
    price = slipped(raw, qty, costs.slippage_bps, costs.volume_slippage_bps, volume)
    fee = commission_of(price, qty, costs)
    pnl = apply(b, k, stamp, qty, price, fee, trade)
    record(b, FILL, row, stamp, k)
    r = b.out[b.account[0].written - 1]
    r.qty, r.price, r.fee, r.pnl, r.order, r.trade = qty, price, fee, pnl, order, trade
    r.asked, r.high, r.low = asked, high, low


@njit(cache=False)
def write_off(b: Books, rules: Rules, stamp: int, k: int) -> None:
    """Close all of a position that has no market any more, at no cost; record the fill."""
    s, t = b.account[0], b.tickers[k]
    qty, trade, order = -t.qty, t.trade, s.orders
    price = 0 if rules.exits.worthless else t.price
    high, low = max(t.top, t.price), min(t.bottom, t.price)
    s.orders += 1
    pnl = apply(b, k, stamp, qty, price, 0, trade)
    record(b, FILL, -1, stamp, k)
    r = b.out[b.account[0].written - 1]
    r.qty, r.price, r.fee, r.pnl, r.order, r.trade = qty, price, 0, pnl, order, trade
    r.asked, r.high, r.low = t.price, high, low


@njit(cache=False)
def cancel_exits(b: Books, stamp: int, k: int) -> None:
    """End a ticker's waiting exits."""
    s = b.account[0]
    kept = 0
    for i in range(s.waiting):
        o = b.orders[i]
        if o.ticker == k and o.reserve == 0:
            end(b, -1, stamp, i)
            release(b, i)
            continue
        if kept != i:
            b.orders[kept] = b.orders[i]
        kept += 1
    s.waiting = kept


@njit(cache=False)
def free_cash(s: Row, rules: Rules) -> int:
    """Return the cash that the exits of what is held do not reserve."""
    return int(s.cash - exit_reserve(s.shares, s.held, rules.costs))


@njit(cache=False)
def end(b: Books, row: int, stamp: int, i: int) -> None:
    """Record the end of a waiting order without a further fill."""
    o = b.orders[i]
    record(b, END, row, stamp, o.ticker)
    r = b.out[b.account[0].written - 1]
    r.order, r.qty, r.trade = o.id, o.qty, o.trade


@njit(cache=False)
def place(
    b: Books, rules: Rules, row: int, stamp: int, k: int, qty: int, reserve: int, trade: int,
    within: int,
) -> None:  # fmt: skip
    """Number an order; fill it at once on a bar of this stamp, or let it wait.

    `within`: price inside that bar at which it fills; 0: by the fill model.
    """
    s, t = b.account[0], b.tickers[k]
    order = s.orders
    s.orders += 1
    if trade == NONE:
        trade = s.trades
        s.trades += 1
    if within:
        mark(s, t, within)
        fill(b, rules, row, stamp, k, order, qty, within, trade, within)
        return
    if t.stamp == stamp and not rules.next_open:
        fill(b, rules, row, stamp, k, order, qty, t.price, trade, t.price)
        return
    o = b.orders[s.waiting]
    o.id, o.ticker, o.qty, o.reserve, o.decided, o.trade = order, k, qty, reserve, stamp, trade
    o.price = t.price if t.stamp != NONE else NONE
    s.waiting += 1
    if reserve:
        s.entering += t.entries == 0
        s.reserved += abs(qty) * reserve
        t.entries += 1
    else:
        t.exiting += 1


@njit(cache=False)
def meet(b: Books, rules: Rules, row: int, e: Row) -> None:
    """Fill the ticker's waiting orders that a bar meets, in the order they were placed."""
    s, k = b.account[0], e.ticker
    waiting, kept = s.waiting, 0
    raw = e.open if rules.next_open else e.close
    for i in range(waiting):
        o = b.orders[i]
        if o.ticker != k or (rules.next_open and e.start < o.decided):
            if kept != i:
                b.orders[kept] = b.orders[i]
            kept += 1
            continue
        release(b, i)
        qty = o.qty
        if o.reserve and rules.cut_to_cash:
            qty = within(free_cash(s, rules), raw, qty, e.volume, rules.costs)
        if qty:
            mark(s, b.tickers[k], raw)
            fill(b, rules, row, e.stamp, k, o.id, qty, raw, o.trade, o.price)
        if qty != o.qty:
            end(b, row, e.stamp, i)
    s.waiting = kept
