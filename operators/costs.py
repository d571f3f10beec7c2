"""What an order costs beyond its price, as plain numbers."""

from typing import NamedTuple


class Costs(NamedTuple):
    """Slippage, commission and fees: the fields of `FillParams` that say what they mean."""

    slippage_bps: int
    volume_slippage_bps: int
    per_share: int
    fee_bps: int
    sell_ppm: int
    sell_per_1000: int
