"""Where a position is closed by itself, as plain numbers."""

from typing import Final, NamedTuple

NO_EXIT, STOPPED, TARGET_MET, DELISTED = range(4)
NO_LEVEL: Final = 0  # no price


class ExitRules(NamedTuple):
    """Stop, target and trailing stop: the fields of `RiskParams` that say what they mean.

    Attributes:
        stop_bps: of the average entry; target_bps, trail_bps: 0 for none.
        within: they are looked for within the bar; otherwise at its close.
        silent: sessions without a bar after which a position is closed; 0 for never.
        worthless: it is closed then at no price at all; otherwise at the last one.
    """

    stop_bps: int
    target_bps: int
    trail_bps: int
    within: bool
    silent: int = 0
    worthless: bool = False
