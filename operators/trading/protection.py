"""What closes a position by itself: its levels, and the bar that meets one."""

from typing import Final

from messages.market import Bar
from messages.trading import Cause
from messages.units import to_units
from operators.exits import NO_EXIT, NO_LEVEL, STOPPED, TARGET_MET, ExitRules
from operators.trading.account import Position
from operators.trading.arithmetic import exit_of, stop_level, target_level, trail_level

CAUSES: Final[dict[int, Cause]] = {STOPPED: "stop", TARGET_MET: "take_profit"}


def exit_by(position: Position, bar: Bar, rules: ExitRules) -> tuple[Cause, int] | None:
    """Return why a bar closes a position, and at what price in units; None where it does not."""
    found, price = exit_of(
        position.qty, position.cost, position.best, to_units(bar.open), to_units(bar.high),
        to_units(bar.low), to_units(bar.close), rules,
    )  # fmt: skip
    return None if found == NO_EXIT else (CAUSES[found], price)


def levels(position: Position, rules: ExitRules) -> tuple[int, int | None, int | None]:
    """Return stop, target and trailing stop in units; None for one that is not set."""
    target = target_level(position.qty, position.cost, rules)
    trail = trail_level(position.qty, position.best, rules)
    return (
        stop_level(position.qty, position.cost, rules),
        None if target == NO_LEVEL else target,
        None if trail == NO_LEVEL else trail,
    )
