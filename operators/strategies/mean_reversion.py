"""Mean reversion: the relative strength index (RSI) outside a band.

J. W. Wilder, New Concepts in Technical Trading Systems (1978): the first averages of gains and
losses are plain means of `period` changes, later ones are smoothed by (period - 1) / period. LONG
below the band, SHORT above it.
"""

from numba.extending import register_jitable


@register_jitable(inline="always")
def wilder(average: float, change: float, seen: int, period: int) -> float:
    """Return the average of gains, or of losses, after one more change.

    Args:
        average: before it; the plain sum while fewer than `period` changes are known.
        change: the gain or the loss of this bar, dollars, >= 0.
        seen: bars before this one, >= 1.
        period: changes in the first average.
    """
    if seen > period:
        return (average * (period - 1) + change) / period
    if seen == period:
        return (average + change) / period
    return average + change


@register_jitable(inline="always")
def rsi_of(gain: float, loss: float) -> float:
    """Return the RSI of two averages, 0 to 100; 50 when nothing moved."""
    total = gain + loss
    if total > 0.0:
        return 100.0 * gain / total
    return 50.0


@register_jitable(inline="always")
def reversion_vote(rsi: float, low: float, high: float, full: float) -> float:
    """Return the signed strength of a bar's vote: > 0 LONG, < 0 SHORT, 0 none.

    Args:
        rsi: 0 to 100.
        low: LONG below it.
        high: SHORT above it.
        full: RSI points beyond the band that are strength 1.
    """
    if rsi < low:
        return min(1.0, (low - rsi) / full)
    if rsi > high:
        return -min(1.0, (rsi - high) / full)
    return 0.0
