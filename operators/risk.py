"""The pre-trade checks: each fails closed and says its limit and what it measured.

A check sees the desk as it is at the decision and returns None, or a Denial whose code names
it. The order of `ENTRY_CHECKS` is the order in which reasons are given.
"""

from collections.abc import Callable
from typing import NamedTuple

from messages.trading import TradeSignal
from messages.units import MINUTE_US, SECOND_US, to_micros, to_money
from operators.account import Account, Position
from operators.params import NEWS_DRIVEN, FillParams, RiskParams
from operators.sessions import SessionTable

BPS = 10_000


class Denial(NamedTuple):
    """Why not: the check's code, its limit, and the value it measured."""

    code: str
    limit: str
    actual: str


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


Check = Callable[[Proposal, Rules], Denial | None]
STATE_CODES = {"PAUSED": "TRADING_PAUSED", "REDUCING": "REDUCE_ONLY", "HALTED": "HALTED"}


def size_entry(equity: int, price: int, side: int, risk: RiskParams) -> int:
    """Return the signed shares of a fixed fraction of equity, rounded down; integers only."""
    return side * (risk.position_bps * equity // (BPS * price)) if equity > 0 else 0


def first_denial(proposal: Proposal, rules: Rules) -> Denial | None:
    """Return the first check's denial of an entry, or None when all let it pass."""
    for name, check in ENTRY_CHECKS.items():
        if name not in rules.risk.off and (denial := check(proposal, rules)) is not None:
            return denial
    return None


def market_closed(stamp: int, rules: Rules) -> Denial | None:
    """Deny outside regular sessions; a decision at the close is closed."""
    if "MARKET_CLOSED" in rules.risk.off or rules.sessions.is_open(stamp):
        return None
    return Denial("MARKET_CLOSED", "regular session", "closed")


def stop_hit(position: Position, price: int, risk: RiskParams) -> bool:
    """Tell whether a close lies at or beyond the stop; compares without division."""
    if position.qty > 0:
        return BPS * price * position.qty <= (BPS - risk.stop_loss_bps) * position.cost
    return BPS * price * -position.qty >= (BPS + risk.stop_loss_bps) * -position.cost


def stop_price(position: Position, risk: RiskParams) -> int:
    """Return the stop in whole units: the last price that triggers it."""
    if position.qty > 0:
        return (BPS - risk.stop_loss_bps) * position.cost // (BPS * position.qty)
    return -(-(BPS + risk.stop_loss_bps) * -position.cost // (BPS * -position.qty))


def _closed(p: Proposal, rules: Rules) -> Denial | None:
    return market_closed(p.stamp, rules)


def _state(p: Proposal, _: Rules) -> Denial | None:
    return None if p.state == "ACTIVE" else Denial(STATE_CODES[p.state], "ACTIVE", p.state)


def _stale_price(p: Proposal, rules: Rules) -> Denial | None:
    limit = rules.risk.stale_price_seconds
    if p.price is None:
        return Denial("STALE_PRICE", f"{limit} s", "unknown")
    age = (p.stamp - p.price_stamp) / SECOND_US
    return Denial("STALE_PRICE", f"{limit} s", f"{age:.0f} s") if age > limit else None


def _stale_sentiment(p: Proposal, rules: Rules) -> Denial | None:
    if p.signal is None or all(s.strategy != NEWS_DRIVEN for s in p.signal.strategy_sources):
        return None
    limit = rules.risk.stale_sentiment_minutes
    if p.signal.sentiment_context is None:
        return Denial("STALE_SENTIMENT", f"{limit} min", "unknown")
    age = (p.stamp - to_micros(p.signal.sentiment_context.as_of)) / MINUTE_US
    return Denial("STALE_SENTIMENT", f"{limit} min", f"{age:.1f} min") if age > limit else None


def _already_held(p: Proposal, _: Rules) -> Denial | None:
    if (held := p.account.positions.get(p.ticker)) is not None:
        return Denial("ALREADY_HELD", "0 shares", f"{held.qty} shares")
    return Denial("ALREADY_HELD", "0 shares", "entry open") if p.ticker in p.open_entries else None


def _cooldown(p: Proposal, rules: Rules) -> Denial | None:
    limit = rules.risk.cooldown_minutes
    if p.last_exit is None or p.stamp - p.last_exit >= limit * MINUTE_US:
        return None
    return Denial("COOLDOWN", f"{limit} min", f"{(p.stamp - p.last_exit) / MINUTE_US:.1f} min")


def _max_positions(p: Proposal, rules: Rules) -> Denial | None:
    count, limit = len(p.account.positions) + len(p.open_entries), rules.risk.max_positions
    return Denial("MAX_POSITIONS", str(limit), str(count)) if count >= limit else None


def _one_share(p: Proposal, _: Rules) -> Denial | None:
    return Denial("BELOW_ONE_SHARE", "1 share", "0 shares") if p.qty == 0 else None


def _position_share(p: Proposal, rules: Rules) -> Denial | None:
    notional, limit = _notional(p), rules.risk.position_bps * p.account.equity
    if BPS * notional <= limit:
        return None
    return Denial("MAX_POSITION_PCT", _money(limit // BPS), _money(notional))


def _exposure(p: Proposal, rules: Rules) -> Denial | None:
    exposure = p.account.gross + sum(p.open_entries.values()) + _notional(p)
    limit = rules.risk.max_exposure_bps * p.account.equity
    if BPS * exposure <= limit:
        return None
    return Denial("MAX_EXPOSURE", _money(limit // BPS), _money(exposure))


def _buying_power(p: Proposal, _: Rules) -> Denial | None:
    free = p.account.cash - sum(p.open_entries.values())
    notional = _notional(p)
    return Denial("BUYING_POWER", _money(free), _money(notional)) if notional > free else None


def _participation(p: Proposal, rules: Rules) -> Denial | None:
    bps = rules.risk.participation_bps
    limits = [v for v in (p.bar_volume, p.mean_volume) if v is not None]
    if p.bar_volume is None:
        return Denial("MAX_PARTICIPATION", f"{bps} bps of volume", "unknown volume")
    limit = bps * min(limits) // BPS
    if abs(p.qty) <= limit:
        return None
    return Denial("MAX_PARTICIPATION", f"{limit} shares", f"{abs(p.qty)} shares")


def _notional(p: Proposal) -> int:
    return abs(p.qty) * (p.price or 0)


def _money(units: int) -> str:
    return f"{to_money(units):.2f}"


ENTRY_CHECKS: dict[str, Check] = {
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
