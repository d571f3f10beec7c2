"""The simulated broker: when a market order fills, at what price, for what commission."""

from operators.params import FillParams
from operators.trading.arithmetic import commission_of, slipped


def fill_price(price: int, qty: int, volume: int, params: FillParams) -> int:
    """Move a price against the order by the slippage, rounded against it to a whole unit.

    Args:
        price: units of 1/10,000 dollar.
        qty: signed; positive buys.
        volume: shares of the bar that fills it.
        params: slippage.
    """
    return slipped(price, qty, params.slippage_bps, params.volume_slippage_bps, volume)


def commission(price: int, qty: int, params: FillParams) -> int:
    """Return the commission and fees of a fill in units."""
    return commission_of(
        price, qty, params.commission_per_share, params.commission_bps,
        params.sell_fee_ppm, params.sell_fee_per_1000,
    )  # fmt: skip


def resting_price(
    decided: int, bar_start: int, opening: int, close: int, params: FillParams
) -> int | None:
    """Return the raw price at which a waiting order meets a new bar, or None to wait on.

    `close`: the close of the first bar known after the decision. `next_open`: the open of the
    first bar that starts at or after the decision.

    Args:
        decided: stamp of the decision.
        bar_start: start of the bar, microseconds.
        opening: its open, units.
        close: its close, units.
        params: the fill model.
    """
    if params.model == "close":
        return close
    return opening if bar_start >= decided else None
