"""Presets of a backtest, and what bars of an interval ask of the parameters."""

from dataclasses import replace
from typing import Final

from messages.errors import TidewireError
from operators.params import (
    MEAN_REVERSION,
    MOMENTUM,
    FillParams,
    LearningParams,
    Params,
    RiskParams,
)

# The common job that engines are compared by: it has none of these checks.
JOB_V1: Final = Params(
    risk=RiskParams(
        off=(
            "MARKET_CLOSED",
            "STALE_PRICE",
            "BUYING_POWER",
            "MAX_PARTICIPATION",
            "MAX_POSITION_PCT",
            "MAX_FEES",
        ),
        net_of_costs=False,
    ),
    fills=FillParams(slippage_bps=0, commission_per_share=100),
    learning=LearningParams(rule="fixed"),
)
JOB_WEIGHTS: Final = {MOMENTUM: 0.5, MEAN_REVERSION: 0.5}


class CannotBacktest(TidewireError, ValueError):
    """A backtest is asked for what is not there. Operator action: see the message."""


def for_interval(params: Params, interval: str) -> Params:
    """Return parameters fit for bars of an interval.

    A daily bar is known when the market is closed: the check for that is off, and its price may
    be a day old.
    """
    if interval != "1d" or "MARKET_CLOSED" in params.risk.off:
        return params
    off = (*params.risk.off, "MARKET_CLOSED", "STALE_PRICE")
    return replace(params, risk=replace(params.risk, off=tuple(dict.fromkeys(off))))
