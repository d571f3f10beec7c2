"""What a series of returns, or a list of trades, amounts to. Undefined is None, never a number.

Returns are simple daily returns, 0.01 for one per cent, one per session; a year has 252. They
equal empyrical's and quantstats' where these agree. Formulas: W. F. Sharpe (1994); F. A. Sortino
and L. N. Price (1994), with the full number of days below the bar in the downside deviation.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

YEAR: Final = 252
LEAST_DAYS: Final = 5  # of which a Sharpe ratio is shown: of two it is what their order makes it
Floats = NDArray[np.float64]


class Drawdown(NamedTuple):
    """The deepest fall from a peak.

    Attributes:
        depth: -0.2 for a fall of twenty per cent; 0 when equity never fell.
        peak: index of the return after which equity was highest; -1: the start.
        trough: index of the return after which it was lowest.
        longest: most returns in a row with equity below an earlier peak.
    """

    depth: float
    peak: int
    trough: int
    longest: int


def total_return(returns: Sequence[float]) -> float:
    """Return the product of 1 + r, less 1."""
    return float(np.prod(1.0 + _array(returns)) - 1.0)


def annual_return(returns: Sequence[float]) -> float | None:
    """Return the yearly growth: (1 + total) ** (252 / days) - 1; None without days or capital."""
    if not len(returns) or (grown := 1.0 + total_return(returns)) <= 0.0:
        return None
    exponent = YEAR / len(returns)
    if exponent * math.log(grown) > 700.0:
        return None  # no number of this kind is that large
    return float(grown**exponent - 1.0)


def volatility(returns: Sequence[float]) -> float | None:
    """Return the sample standard deviation (n - 1) times sqrt(252); None below two days."""
    if len(returns) < 2:
        return None
    found = _array(returns)
    return 0.0 if _constant(found) else float(found.std(ddof=1) * math.sqrt(YEAR))


def sharpe(returns: Sequence[float]) -> float | None:
    """Return mean over standard deviation times sqrt(252), riskless rate 0; None if constant."""
    if len(returns) < 2 or _constant(_array(returns)):
        return None
    found = _array(returns)
    return float(found.mean() / found.std(ddof=1) * math.sqrt(YEAR))


def sortino(returns: Sequence[float]) -> float | None:
    """Return mean times sqrt(252) over the root mean square of losses; None without a loss."""
    found = _array(returns)
    if not found.size or not (found < 0.0).any():
        return None
    downside = math.sqrt(float(np.mean(np.minimum(found, 0.0) ** 2)))
    return float(found.mean() / downside * math.sqrt(YEAR))


def drawdown(returns: Sequence[float]) -> Drawdown:
    """Return the deepest fall of the product of 1 + r below its running maximum, 1 included."""
    if not len(returns):
        return Drawdown(0.0, -1, -1, 0)
    curve = np.concatenate([[1.0], np.cumprod(1.0 + _array(returns))])
    peaks = np.maximum.accumulate(curve)
    depths = curve / peaks - 1.0
    trough = int(depths.argmin())
    peak = int(curve[: trough + 1].argmax())
    longest = run = 0
    for below in (curve < peaks).tolist():
        run = run + 1 if below else 0
        longest = max(longest, run)
    return Drawdown(float(depths[trough]), peak - 1, trough - 1, longest)


def calmar(returns: Sequence[float]) -> float | None:
    """Return annual return over the depth of the deepest drawdown; None without one."""
    grown, fall = annual_return(returns), drawdown(returns).depth
    return None if grown is None or fall == 0.0 else grown / -fall


def profit_factor(values: Sequence[float]) -> float | None:
    """Return gains over losses, of returns or of trades' profits; None without a loss."""
    found = _array(values)
    losses = -float(found[found < 0.0].sum())
    return float(found[found > 0.0].sum()) / losses if losses > 0.0 else None


def win_rate(values: Sequence[float]) -> float | None:
    """Return the share of gains among gains and losses; None without either."""
    found = _array(values)
    gains, losses = int((found > 0.0).sum()), int((found < 0.0).sum())
    return gains / (gains + losses) if gains + losses else None


def mean_gain(values: Sequence[float]) -> float | None:
    """Return the mean of the gains; None without one."""
    found = _array(values)
    return float(found[found > 0.0].mean()) if (found > 0.0).any() else None


def mean_loss(values: Sequence[float]) -> float | None:
    """Return the mean of the losses, negative; None without one."""
    found = _array(values)
    return float(found[found < 0.0].mean()) if (found < 0.0).any() else None


def chance_of_best(sharpe_ratio: float, days: int, tried: int, spread: float) -> float | None:
    """Return the chance that the best of several tries is better than luck alone.

    The deflated Sharpe ratio of D. H. Bailey and M. Lopez de Prado (2014), for normal returns:
    the best of `tried` strategies without any skill is expected at a Sharpe ratio that grows with
    their number and their spread.

    Args:
        sharpe_ratio: of the best, annual.
        days: returns it was computed from.
        tried: how many were compared.
        spread: standard deviation of their annual Sharpe ratios.

    Returns:
        0 to 1, or None with fewer than two tries or three days.
    """
    if tried < 2 or days < 3:
        return None
    normal, euler = NormalDist(), 0.5772156649015329
    expected = spread * (
        (1 - euler) * normal.inv_cdf(1 - 1 / tried)
        + euler * normal.inv_cdf(1 - 1 / (tried * math.e))
    )
    daily, bar = sharpe_ratio / math.sqrt(YEAR), expected / math.sqrt(YEAR)
    z = (daily - bar) * math.sqrt(days - 1) / math.sqrt(1 + 0.5 * daily * daily)
    return normal.cdf(z)


def _constant(found: Floats) -> bool:
    return bool(found.max() == found.min())


def _array(values: Sequence[float]) -> Floats:
    return np.asarray(values, np.float64)
