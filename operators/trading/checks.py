"""The pre-trade checks: each fails closed and says its limit and what it measured.

A check sees the desk as it is at the decision and returns what it measured; the first that does
not pass denies. The order of `ENTRY_CHECKS` is the order in which reasons are given.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from messages.trading import TradeSignal
from messages.units import MINUTE_US, SECOND_US, to_micros, to_money
from operators.params import NEWS_DRIVEN, FillParams, RiskParams
from operators.trading.account import Account, Position
from operators.trading.arithmetic import (
    BPS,
    affordable,
    below_positions,
    cooled_down,
    entry_shares,
    fresh_price,
    fresh_sentiment,
    is_stopped,
    some_shares,
    within_exposure,
    within_position,
    within_volume,
)
from operators.trading.sessions import SessionTable


class Denial(NamedTuple):
    """Why not: the check's code, its limit, and the value it measured."""

    code: str
    limit: str
    actual: str


class Measured(NamedTuple):
    """What one check found.

    Attributes:
        passed: it lets the entry through.
        limit: what it allows; a text where there is no number.
        actual: what it measured; `unknown` fails.
        unit: of both: s, min, shares, money (units of 1/10,000 dollar) or empty for a count.
    """

    passed: bool
    limit: int | float | str
    actual: int | float | str
    unit: str = ""

    def words(self) -> tuple[str, str]:
        """Return limit and actual as a person reads them."""
        return _in_words(self.limit, self.unit), _in_words(self.actual, self.unit)


class Proposal(NamedTuple):
    """An entry that is being asked for, and everything the checks may look at.

    Attributes:
        stamp: of the decision.
        qty: shares, signed, by the sizing rule.
        price: last price, units; None when there is none.
        price_stamp: when it was known.
        last_exit: stamp of the ticker's last exit.
        open_entries: tickers with an entry order that has not ended -> its notional, units.
        bar_volume: shares of the last bar; None when unknown.
        mean_volume: mean session volume of the last 20 sessions; None before that.
        state: ACTIVE, PAUSED, REDUCING or HALTED.
    """

    stamp: int
    ticker: str
    qty: int
    price: int | None
    price_stamp: int
    last_exit: int | None
    open_entries: dict[str, int]
    bar_volume: int | None
    mean_volume: int | None
    state: str
    signal: TradeSignal | None
    account: Account


class Rules(NamedTuple):
    """What the checks measure against."""

    risk: RiskParams
    fills: FillParams
    sessions: SessionTable


Check = Callable[[Proposal, Rules], Measured]
STATE_CODES: Final = {"PAUSED": "TRADING_PAUSED", "REDUCING": "REDUCE_ONLY", "HALTED": "HALTED"}
DECIMALS: Final = {"s": 0, "min": 1}


def size_entry(equity: int, price: int, side: int, risk: RiskParams) -> int:
    """Return the signed shares of a fixed fraction of equity, rounded down; integers only."""
    return side * entry_shares(equity, price, risk.position_bps)


def first_denial(proposal: Proposal, rules: Rules) -> Denial | None:
    """Return the first check's denial of an entry, or None when all let it pass."""
    for name, check in ENTRY_CHECKS.items():
        if name not in rules.risk.off and not (found := check(proposal, rules)).passed:
            return Denial(code_of(name, found), *found.words())
    return None


def every_check(proposal: Proposal, rules: Rules) -> list[tuple[str, Measured | None]]:
    """Return what each check of an entry measures, in order; None for one that is off."""
    return [
        (name, None if name in rules.risk.off else check(proposal, rules))
        for name, check in ENTRY_CHECKS.items()
    ]


def code_of(check: str, found: Measured) -> str:
    """Return the code by which a check denies: its name, or the trading state's own code."""
    return STATE_CODES.get(str(found.actual), check) if check == "TRADING_STATE" else check


def market_closed(stamp: int, rules: Rules) -> Denial | None:
    """Deny outside regular sessions; a decision at the close is closed."""
    if "MARKET_CLOSED" in rules.risk.off:
        return None
    found = session_at(stamp, rules)
    return None if found.passed else Denial("MARKET_CLOSED", *found.words())


def session_at(stamp: int, rules: Rules) -> Measured:
    """Measure whether a stamp lies in a regular session."""
    is_open = rules.sessions.is_open(stamp)
    return Measured(is_open, "regular session", "open" if is_open else "closed")


def stop_hit(position: Position, price: int, risk: RiskParams) -> bool:
    """Tell whether a close lies at or beyond the stop; compares without division."""
    return is_stopped(position.qty, position.cost, price, risk.stop_loss_bps)


def stop_price(position: Position, risk: RiskParams) -> int:
    """Return the stop in whole units: the last price that triggers it."""
    if position.qty > 0:
        return (BPS - risk.stop_loss_bps) * position.cost // (BPS * position.qty)
    return -(-(BPS + risk.stop_loss_bps) * -position.cost // (BPS * -position.qty))


def _in_words(value: float | str, unit: str) -> str:
    if isinstance(value, str):
        return value
    if unit == "money":
        return f"{to_money(int(value)):.2f}"
    text = f"{value:.{DECIMALS[unit]}f}" if isinstance(value, float) else str(value)
    return f"{text} {'share' if unit == 'shares' and value == 1 else unit}".rstrip()


def _closed(p: Proposal, rules: Rules) -> Measured:
    return session_at(p.stamp, rules)


def _state(p: Proposal, _: Rules) -> Measured:
    return Measured(p.state == "ACTIVE", "ACTIVE", p.state)


def _stale_price(p: Proposal, rules: Rules) -> Measured:
    seconds = rules.risk.stale_price_seconds
    if p.price is None:
        return Measured(False, seconds, "unknown", "s")
    age = p.stamp - p.price_stamp
    passed, _, _ = fresh_price(age, seconds * SECOND_US)
    return Measured(passed, seconds, age / SECOND_US, "s")


def _stale_sentiment(p: Proposal, rules: Rules) -> Measured:
    minutes = rules.risk.stale_sentiment_minutes
    if p.signal is None or all(s.strategy != NEWS_DRIVEN for s in p.signal.strategy_sources):
        return Measured(True, minutes, "news did not vote", "min")
    if p.signal.sentiment_context is None:
        return Measured(False, minutes, "unknown", "min")
    age = p.stamp - to_micros(p.signal.sentiment_context.as_of)
    passed, _, _ = fresh_sentiment(age, minutes * MINUTE_US)
    return Measured(passed, minutes, age / MINUTE_US, "min")


def _already_held(p: Proposal, _: Rules) -> Measured:
    if (held := p.account.positions.get(p.ticker)) is not None:
        return Measured(False, 0, held.qty, "shares")
    waits = p.ticker in p.open_entries
    return Measured(not waits, 0, "entry open" if waits else 0, "shares")


def _cooldown(p: Proposal, rules: Rules) -> Measured:
    minutes = rules.risk.cooldown_minutes
    if p.last_exit is None:
        return Measured(True, minutes, "no exit yet", "min")
    passed, _, since = cooled_down(p.stamp - p.last_exit, minutes * MINUTE_US)
    return Measured(passed, minutes, since / MINUTE_US, "min")


def _max_positions(p: Proposal, rules: Rules) -> Measured:
    count = len(p.account.positions) + len(p.open_entries)
    return Measured(*below_positions(count, rules.risk.max_positions))


def _one_share(p: Proposal, _: Rules) -> Measured:
    return Measured(*some_shares(p.qty), "shares")


def _position_share(p: Proposal, rules: Rules) -> Measured:
    found = within_position(_notional(p), p.account.equity, rules.risk.position_bps)
    return Measured(*found, "money")


def _exposure(p: Proposal, rules: Rules) -> Measured:
    exposure = p.account.gross + sum(p.open_entries.values()) + _notional(p)
    found = within_exposure(exposure, p.account.equity, rules.risk.max_exposure_bps)
    return Measured(*found, "money")


def _buying_power(p: Proposal, _: Rules) -> Measured:
    free = p.account.cash - sum(p.open_entries.values())
    return Measured(*affordable(_notional(p), free), "money")


def _participation(p: Proposal, rules: Rules) -> Measured:
    bps = rules.risk.participation_bps
    limits = [v for v in (p.bar_volume, p.mean_volume) if v is not None]
    if p.bar_volume is None:
        return Measured(False, f"{bps} bps of volume", "unknown volume")
    return Measured(*within_volume(p.qty, min(limits), bps), "shares")


def _notional(p: Proposal) -> int:
    return abs(p.qty) * (p.price or 0)


ENTRY_CHECKS: Final[dict[str, Check]] = {
    "MARKET_CLOSED": _closed,
    "TRADING_STATE": _state,
    "STALE_PRICE": _stale_price,
    "STALE_SENTIMENT": _stale_sentiment,
    "ALREADY_HELD": _already_held,
    "COOLDOWN": _cooldown,
    "MAX_POSITIONS": _max_positions,
    "BELOW_ONE_SHARE": _one_share,
    "MAX_POSITION_PCT": _position_share,
    "MAX_EXPOSURE": _exposure,
    "BUYING_POWER": _buying_power,
    "MAX_PARTICIPATION": _participation,
}
