"""Sizing, stops, costs and booking as arithmetic on integers: each is written once, here.

The desk calls them as plain Python; the columnar loop compiles them into itself. Money is in
units of 1/10,000 dollar, time in microseconds, shares are signed. Compiled integers have 64 bits:
equity must stay below `MAX_EQUITY`. The checks are in `operators.checks`.
"""

from typing import Final, NamedTuple

from numba.extending import register_jitable

from operators.checks import BPS

CENT: Final = 100
THOUSAND: Final = 1_000
MILLION: Final = 1_000_000
MAX_EQUITY: Final = 2**63 // (4 * BPS)  # products are at most BPS x a value; some room for shorts


@register_jitable
def entry_shares(equity: int, price: int, position_bps: int) -> int:
    """Return the shares of a fixed fraction of equity, rounded down."""
    return position_bps * equity // (BPS * price) if equity > 0 else 0


@register_jitable
def is_stopped(qty: int, cost: int, price: int, stop_bps: int) -> bool:
    """Tell whether a close lies at or beyond the stop; compares without division."""
    if qty > 0:
        return BPS * price * qty <= (BPS - stop_bps) * cost
    return BPS * price * -qty >= (BPS + stop_bps) * -cost


@register_jitable
def slipped(price: int, qty: int, bps: int, volume_bps: int, volume: int) -> int:
    """Move a price against the order, rounded against it to a whole unit.

    By `bps`, and by `volume_bps` times the order's share of the bar's volume, at most all of it.
    """
    shares = abs(qty)
    share, of = (shares, volume) if shares < volume else (1, 1)
    slip = -(-price * bps // BPS) - (-price * volume_bps * share // (BPS * of))
    return price + slip if qty > 0 else max(1, price - slip)


@register_jitable
def commission_of(
    price: int, qty: int, per_share: int, bps: int, sell_ppm: int, sell_per_1000: int
) -> int:
    """Return per share plus share of value, rounded up; sales pay two fees more, in whole cents."""
    shares = abs(qty)
    fee = shares * per_share - (-shares * price * bps // BPS)
    if qty < 0:
        fee -= CENT * (-shares * price * sell_ppm // (MILLION * CENT))
        fee -= CENT * (-shares * sell_per_1000 // (THOUSAND * CENT))
    return fee


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


@register_jitable
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
