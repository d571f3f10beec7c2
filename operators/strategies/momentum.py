"""Momentum: the close crosses its moving average on more volume than usual.

LONG when the previous close was at or below its mean and this one is above, with volume above its
own mean; SHORT when it crosses downwards, at any volume. The means cover the last `window` bars,
this bar included. Prices are units of 1/10,000 dollar and sums are exact, so a comparison never
divides.
"""

from numba.extending import register_jitable


@register_jitable(inline="always")
def momentum_vote(
    c: int, v: int, prev: int, prev_sum: int, sum_c: int, sum_v: int, window: int, full: float
) -> float:
    """Return the signed strength of a bar's vote: > 0 LONG, < 0 SHORT, 0 none.

    Args:
        c: this bar's close, units.
        v: this bar's volume, shares.
        prev: the previous close, units.
        prev_sum: sum of `window` closes up to the previous bar.
        sum_c: sum of `window` closes up to this bar.
        sum_v: sum of `window` volumes up to this bar.
        window: bars in a mean; the caller has seen at least as many before this one.
        full: relative distance from the mean that is strength 1.
    """
    if window * prev <= prev_sum and window * c > sum_c:
        if window * v > sum_v:
            return min(1.0, abs(c / (sum_c / window) - 1.0) / full)
    elif window * prev >= prev_sum and window * c < sum_c:
        return -min(1.0, abs(c / (sum_c / window) - 1.0) / full)
    return 0.0
