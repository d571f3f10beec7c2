"""Every rule of risk, sizing and filling as arithmetic on integers: each is written once, here.

The desk calls them as plain Python; the columnar loop compiles them into itself. Money is in
units of 1/10,000 dollar, time in microseconds, shares are signed. A check returns (passed,
limit, actual). Compiled integers have 64 bits: equity must stay below `MAX_EQUITY`.
"""

from typing import Final

from numba.extending import register_jitable

BPS: Final = 10_000
CENT: Final = 100
THOUSAND: Final = 1_000
MILLION: Final = 1_000_000
MAX_EQUITY: Final = 2**63 // (4 * BPS)  # products are at most BPS x a value; some room for shorts
Check = tuple[bool, int, int]


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


@register_jitable
def fresh_price(age: int, limit: int) -> Check:
    """Check the age of the last price."""
    return age <= limit, limit, age


@register_jitable
def fresh_sentiment(age: int, limit: int) -> Check:
    """Check the age of the newest article."""
    return age <= limit, limit, age


@register_jitable
def cooled_down(since_exit: int, limit: int) -> Check:
    """Check the time since the ticker's last exit."""
    return since_exit >= limit, limit, since_exit


@register_jitable
def below_positions(count: int, limit: int) -> Check:
    """Check open positions and open entries."""
    return count < limit, limit, count


@register_jitable
def some_shares(qty: int) -> Check:
    """Check that rounding left a share."""
    return qty != 0, 1, abs(qty)


@register_jitable
def within_position(notional: int, equity: int, position_bps: int) -> Check:
    """Check one position's share of equity."""
    limit = position_bps * equity
    return BPS * notional <= limit, limit // BPS, notional


@register_jitable
def within_exposure(exposure: int, equity: int, max_bps: int) -> Check:
    """Check all positions and open entries, the new one included."""
    limit = max_bps * equity
    return BPS * exposure <= limit, limit // BPS, exposure


@register_jitable
def affordable(notional: int, free_cash: int) -> Check:
    """Check cash less open entries."""
    return notional <= free_cash, free_cash, notional


@register_jitable
def within_volume(qty: int, volume: int, participation_bps: int) -> Check:
    """Check the share of the smaller of the bar's and the mean session's volume."""
    limit = participation_bps * volume // BPS
    return abs(qty) <= limit, limit, abs(qty)
