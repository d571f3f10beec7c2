"""What a stored backtest was asked for, in the words in which the API is asked."""

from typing import Any, Final, get_args

from api.jobs.tasks import Learning
from operators.commissions import commission_of

MOST_CAPITAL: Final = 1_000_000_000
MOST_SLIPPAGE_BPS: Final = 1_000


def asked_of(request: dict[str, Any], figures: dict[str, Any]) -> dict[str, Any] | None:
    """Return the fields of `BacktestAsked` by a stored request; None where it is of another kind.

    Unlike what is asked for here, nothing is left to the settings: each value is the one that held.
    One that the API cannot be asked for, such as a commission of one's own, is None.

    Args:
        request: the settings of a row of `backtest_runs`.
        figures: its metrics, which name the days that it came to.
    """
    params = request.get("params")
    if not isinstance(params, dict):
        return None
    fills, learning = params.get("fills", {}), params.get("learning", {})
    rule = learning.get("rule")
    return {
        "first": figures["first"], "last": figures["last"],
        "capital": _within(params.get("account", {}).get("start_cash"), 1, MOST_CAPITAL),
        "weights": request.get("weights", {}),
        "learning": rule if rule in get_args(Learning) else None,
        "slippage_bps": _within(fills.get("slippage_bps"), 0, MOST_SLIPPAGE_BPS),
        "commission": commission_of(fills),
    }  # fmt: skip


def _within(value: Any, least: int, most: int) -> int | None:
    return value if isinstance(value, int) and least <= value <= most else None
