"""Sizing, stops, costs and booking as arithmetic on integers: each is written once, here.

The desk calls them as plain Python; the columnar loop compiles them into itself. Money is in
units of 1/10,000 dollar, time in microseconds, shares are signed. Compiled integers have 64 bits:
equity must stay below `MAX_EQUITY`. The checks are in `operators.checks`.
"""

from typing import Final, NamedTuple

from operators.checks import BPS
from operators.costs import Costs
from operators.exits import NO_EXIT, NO_LEVEL, STOPPED, TARGET_MET, ExitRules
from operators.jitable import jitable

CENT: Final = 100
THOUSAND: Final = 1_000
MILLION: Final = 1_000_000
MAX_EQUITY: Final = 2**63 // (4 * BPS)  # products are at most BPS x a value; some room for shorts


@jitable
def stop_level(qty: int, cost: int, rules: ExitRules) -> int:
    """Return the last price that triggers the stop, units: so far from the average entry."""
    if qty > 0:
        return (BPS - rules.stop_bps) * cost // (BPS * qty)
    return -(-(BPS + rules.stop_bps) * -cost // (BPS * -qty))


@jitable
def trail_level(qty: int, best: int, rules: ExitRules) -> int:
    """Return the last price that triggers the trailing stop; NO_LEVEL without one.

    Args:
        qty: shares held, signed.
        best: highest price since the entry, when short the lowest.
        rules: of exits.
    """
    if not rules.trail_bps:
        return NO_LEVEL
    if qty > 0:
        return (BPS - rules.trail_bps) * best // BPS
    return -(-(BPS + rules.trail_bps) * best // BPS)


@jitable
def target_level(qty: int, cost: int, rules: ExitRules) -> int:
    """Return the first price that takes the profit; NO_LEVEL without one."""
    if not rules.target_bps:
        return NO_LEVEL
    if qty > 0:
        return -(-(BPS + rules.target_bps) * cost // (BPS * qty))
    return max(NO_LEVEL, (BPS - rules.target_bps) * -cost // (BPS * -qty))


@jitable
def exit_of(
    qty: int, cost: int, best: int, opening: int, high: int, low: int, close: int, rules: ExitRules
) -> tuple[int, int]:
    """Return whether a bar closes a position, and the price at which it does.

    Looked for at the close alone, or within the bar: there the open comes first, and a stop or a
    target that it lies beyond is met at the open; of a stop and a target that are both within the
    bar the stop is met, as their order is not known.

    Args:
        qty: shares held, signed.
        cost: of them.
        best: highest price since the entry before this bar, when short the lowest.
        opening: of the bar; high, low, close: too.
        high: of the bar.
        low: of the bar.
        close: of the bar.
        rules: of exits.
    """
    if not rules.within:
        opening = high = low = close
    stop, trail = stop_level(qty, cost, rules), trail_level(qty, best, rules)
    target = target_level(qty, cost, rules)
    if qty > 0:
        stop = max(stop, trail)
        if opening <= stop:
            return STOPPED, opening
        if target != NO_LEVEL and opening >= target:
            return TARGET_MET, opening
        if low <= stop:
            return STOPPED, stop
        return (TARGET_MET, target) if target != NO_LEVEL and high >= target else (NO_EXIT, 0)
    if trail != NO_LEVEL:
        stop = min(stop, trail)
    if opening >= stop:
        return STOPPED, opening
    if target != NO_LEVEL and opening <= target:
        return TARGET_MET, opening
    if high >= stop:
        return STOPPED, stop
    return (TARGET_MET, target) if target != NO_LEVEL and low <= target else (NO_EXIT, 0)


@jitable
def slipped(price: int, qty: int, bps: int, volume_bps: int, volume: int) -> int:
    """Move a price against the order, rounded against it to a whole unit.

    By `bps`, and by `volume_bps` times the order's share of the bar's volume, at most all of it.
    """
    shares = abs(qty)
    share, of = (shares, volume) if shares < volume else (1, 1)
    slip = -(-price * bps // BPS) - (-price * volume_bps * share // (BPS * of))
    return price + slip if qty > 0 else max(1, price - slip)


@jitable
def commission_of(price: int, qty: int, costs: Costs) -> int:
    """Return per share plus share of value, rounded up; sales pay two fees more, in whole cents."""
    shares = abs(qty)
    fee = shares * costs.per_share - (-shares * price * costs.fee_bps // BPS)
    if qty < 0:
        fee -= CENT * (-shares * price * costs.sell_ppm // (MILLION * CENT))
        fee -= CENT * (-shares * costs.sell_per_1000 // (THOUSAND * CENT))
    return fee


@jitable
def exit_reserve(shares: int, positions: int, costs: Costs) -> int:
    """Return the most that selling held shares costs beyond what it brings, at any price.

    Fees by share, and what rounding up adds; fees by value are paid from the proceeds.

    Args:
        shares: held in all positions together.
        positions: how many.
        costs: of the broker.
    """
    rounding = 1 + 3 * CENT if costs.fee_bps or costs.sell_ppm or costs.sell_per_1000 else 0
    by_thousand = -CENT * (-shares * costs.sell_per_1000 // (THOUSAND * CENT))
    return shares * costs.per_share + by_thousand + positions * rounding


@jitable
def entry_cost(price: int, qty: int, volume: int, costs: Costs) -> int:
    """Return what an entry takes: slipped value, commission, and the reserve for its exit.

    Args:
        price: last price, units.
        qty: signed shares.
        volume: shares of the bar that fills it.
        costs: of the broker.
    """
    slip = slipped(price, qty, costs.slippage_bps, costs.volume_slippage_bps, volume)
    value, shares = abs(qty) * max(price, slip), abs(qty)
    return value + commission_of(slip, qty, costs) + exit_reserve(shares, 1, costs)


@jitable
def round_trip_fees(price: int, qty: int, costs: Costs) -> int:
    """Return the fees of an entry and of its exit at the same price."""
    return commission_of(price, qty, costs) + commission_of(price, -qty, costs)


@jitable
def affordable(budget: int, price: int, qty: int, volume: int, costs: Costs) -> int:
    """Return how many of some shares, signed, an entry may have so that it costs no more.

    At most a few shares fewer than would just do: rounding is taken at its worst.

    Args:
        budget: units; what `entry_cost` must not pass.
        price: units.
        qty: signed shares; no more than these.
        volume: shares of the bar that fills it.
        costs: of the broker.
    """
    if budget <= 0 or qty == 0:
        return 0
    slip = slipped(price, qty, costs.slippage_bps, costs.volume_slippage_bps, volume)
    worst = max(price, slip)
    each = worst * (BPS + costs.fee_bps) + 2 * BPS * costs.per_share
    rounding = 0
    if costs.fee_bps or costs.sell_ppm or costs.sell_per_1000:
        rounding = 2 + 6 * CENT
        each += worst * costs.sell_ppm // (MILLION // BPS) + 1
        each += 2 * costs.sell_per_1000 * (BPS // THOUSAND)
    shares = min(abs(qty), max(0, budget - rounding) * BPS // each)
    return shares if qty > 0 else -shares


@jitable
def within(budget: int, price: int, qty: int, volume: int, costs: Costs) -> int:
    """Return an entry's shares, all of them where they cost no more, otherwise the affordable."""
    if entry_cost(price, qty, volume, costs) <= budget:
        return qty
    return affordable(budget, price, qty, volume, costs)


@jitable
def entry_shares(
    equity: int, price: int, position_bps: int, side: int, volume: int, costs: Costs, net: bool
) -> int:
    """Return the signed shares of a fixed fraction of equity, rounded down.

    Args:
        equity: units.
        price: last price, units.
        position_bps: the fraction.
        side: 1 to buy, -1 to sell short.
        volume: shares of the last bar.
        costs: of the broker.
        net: the fraction pays slippage, commission and the exit's fees too.
    """
    if equity <= 0:
        return 0
    budget = position_bps * equity // BPS
    shares = side * (budget // price)
    return affordable(budget, price, shares, volume, costs) if net else shares


class Booked(NamedTuple):
    """A position after a fill.

    Attributes:
        qty: shares held.
        cost: what they were bought for (sold for, when short, as a negative number).
        fees: commissions paid for them.
        profit: realised by the shares that the fill closed; 0 when it closed none.
        closes: the fill closed shares.
    """

    qty: int
    cost: int
    fees: int
    profit: int
    closes: bool


@jitable
def booked(held: int, cost: int, fees: int, qty: int, price: int, fee: int) -> Booked:
    """Return a position after a fill that opens, adds to, or closes at most the whole of it.

    A partial close takes its share of cost and fees rounded down; the remainder stays with the
    open shares, so that the profits of all parts add up to the profit of the whole.

    Args:
        held: shares held before, signed.
        cost: of them.
        fees: paid for them.
        qty: shares of the fill, signed.
        price: of the fill.
        fee: of the fill.
    """
    if held == 0 or (held > 0) == (qty > 0):
        return Booked(held + qty, cost + qty * price, fees + fee, 0, False)
    closed = -qty
    part, part_fees = cost * closed // held, fees * closed // held
    profit = closed * price - part - part_fees - fee
    return Booked(held - closed, cost - part, fees - part_fees, profit, True)
