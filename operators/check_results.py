"""What the checks measured, as a decision carries it: in exact numbers, for programs."""

from collections.abc import Mapping
from typing import Final

from messages.trading import Cause, CheckResult
from messages.units import SECOND_US, to_money
from operators.checks import (
    BROKER_STATES,
    CHECKS,
    NO_NEWS,
    STATES,
    UNKNOWN,
    Ask,
    Limits,
    Rule,
    Unit,
    already_held,
    broker_ready,
    cooldown,
    is_off,
    max_participation,
    measured,
    stale_sentiment,
)

NONE: Final = "none"
UNKNOWN_TEXT: Final = "unknown"
# Of these the want of a value is no denial: news that did not vote, a ticker without an exit yet.
MAY_LACK: Final[Mapping[Rule, int]] = {stale_sentiment: NO_NEWS, cooldown: UNKNOWN}
ENTRY_OPEN: Final = "an open entry"


def entry_results(
    ask: Ask, limits: Limits, *, broker: bool = False
) -> tuple[CheckResult, ...]:  # fmt: skip
    """Return what every check that is on measures of an entry, in their order.

    Args:
        ask: the entry.
        limits: to compare with.
        broker: True includes the checks that need a broker.
    """
    found = []
    for name, on, passed, limit, actual in measured(ask, limits, broker=broker):
        if not on:
            continue
        check = CHECKS[name]
        said, told = _text(check.unit, limit), _text(check.unit, actual)
        if check.rule is max_participation and actual == UNKNOWN:
            said = UNKNOWN_TEXT  # a share of a volume that is not known
        if check.rule is broker_ready:
            said, told = BROKER_STATES[limit], BROKER_STATES[actual]
        if MAY_LACK.get(check.rule) == actual:
            told = NONE
        elif check.rule is already_held and ask.entries and not actual:
            told = ENTRY_OPEN
        found.append(CheckResult(name, check.comparison, said, told, check.unit, passed))
    return tuple(found)


def exit_results(
    limits: Limits, state: str, cause: Cause, held: int, is_open: bool
) -> tuple[CheckResult, ...]:
    """Return what is asked of an exit, in order.

    Args:
        limits: that say whether the session is asked for at all.
        state: of trading, which is asked for where it denies: a signal, while HALTED.
        cause: of the exit.
        held: shares of the position, signed, less those that are being sold already.
        is_open: it lies in a regular session.
    """
    found = []
    if not is_off("MARKET_CLOSED", limits):
        said = "open" if is_open else "closed"
        found.append(CheckResult("MARKET_CLOSED", "=", "open", said, "session", is_open))
    count = abs(held)
    found.append(CheckResult("NO_POSITION", ">=", "1", str(count), "shares", count > 0))
    if cause == "signal" and state == "HALTED":
        found.append(CheckResult("TRADING_STATE", "=", "ACTIVE", state, "state", False))
    return tuple(found)


def _text(unit: Unit, value: int) -> str:
    if unit == "session":
        return "open" if value else "closed"
    if unit == "state":
        return STATES[value]
    if value == UNKNOWN:
        return UNKNOWN_TEXT
    if unit == "dollars":
        return str(to_money(value))
    if unit == "seconds":
        whole, rest = divmod(value, SECOND_US)
        return f"{value / SECOND_US:.6f}" if rest else str(whole)
    return str(value)
