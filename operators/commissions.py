"""Commissions of well-known kinds, by name."""

from collections.abc import Mapping
from typing import Any, Final

# Names of FillParams with their values.
COMMISSIONS: Final[dict[str, dict[str, int]]] = {
    "none": {"commission_per_share": 0, "commission_bps": 0},
    "alpaca": {
        "commission_per_share": 0,
        "commission_bps": 0,
        "sell_fee_ppm": 28,
        "sell_fee_per_1000": 1_660,
    },
}
ALL_FEES: Final = frozenset(name for values in COMMISSIONS.values() for name in values)


def commission_of(fills: Mapping[str, Any]) -> str | None:
    """Return the name of the commission that fills are settled by; None if it is of no such kind.

    Args:
        fills: names of FillParams with their values; what is left out is 0.
    """
    paid = {name: fills.get(name, 0) for name in ALL_FEES}
    for name, values in COMMISSIONS.items():
        if paid == {**dict.fromkeys(ALL_FEES, 0), **values}:
            return name
    return None
