"""The pre-trade checks: one table of rules on integers, in the order in which reasons are given.

A rule compares what is asked with the limits and returns (passed, limit, actual). The desk calls
the rules as they stand; the columnar loop compiles the very same functions. Each fails closed: a
value that is unknown denies the entry. A new check is one function, one row of `CHECKS`, and one
parameter.

Money is in units of 1/10,000 dollar, time in microseconds, shares are signed. Nothing here needs
a compiler, so that the parameters can name the checks.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

from messages.units import MINUTE_US, SECOND_US, to_money

BPS: Final = 10_000
UNKNOWN: Final = -(2**62)  # no such value
NO_NEWS: Final = -1  # `Ask.news_age`: news did not vote
UNKNOWN_NEWS: Final = -2  # `Ask.news_age`: news voted, but its window is empty
ACTIVE, PAUSED, REDUCING, HALTED = range(4)
STATES: Final = ("ACTIVE", "PAUSED", "REDUCING", "HALTED")
STATE_CODES: Final = ("", "TRADING_PAUSED", "REDUCE_ONLY", "HALTED")
READY, NOT_RECONCILED, STREAM_DOWN, TICKER_HALTED = range(4)
BROKER_STATES: Final = ("READY", "NOT_RECONCILED", "STREAM_DOWN", "TICKER_HALTED")


class Ask(NamedTuple):
    """An entry that is asked for, as it stands when it is asked.

    Attributes:
        stamp: of the decision.
        is_open: 1 in a regular session.
        state: ACTIVE, PAUSED, REDUCING or HALTED.
        price: last price; UNKNOWN without one.
        price_stamp: when it was known; UNKNOWN without one.
        news_age: of the newest article behind the vote of the news, by the market's clock;
            NO_NEWS, UNKNOWN_NEWS.
        held: shares held of the ticker.
        entries: entry orders of the ticker that have not ended.
        last_exit: stamp of the ticker's last exit; UNKNOWN without one.
        positions: open positions and tickers with an open entry.
        qty: shares, signed, by the sizing rule.
        cost: of them: slipped value, commission, and the reserve for the exit's fees.
        fees: of the entry and of an exit at the same price.
        equity: cash and positions at their last prices.
        exposure: value of all positions and open entries, without this one.
        cash: less what open entries, and the exits of what is held, reserve.
        volume: the smaller of the last bar's and the mean session's shares; UNKNOWN without a bar.
        broker: READY, NOT_RECONCILED, STREAM_DOWN or TICKER_HALTED; READY where no broker is
            needed.
    """

    stamp: int
    is_open: int
    state: int
    price: int
    price_stamp: int
    news_age: int
    held: int
    entries: int
    last_exit: int
    positions: int
    qty: int
    cost: int
    fees: int
    equity: int
    exposure: int
    cash: int
    volume: int
    broker: int


class Limits(NamedTuple):
    """What the rules compare with.

    Attributes:
        off: bit n is set where the check of number n is switched off.
        stale_price, stale_news, cooldown: microseconds.
        positions: a count; the others are basis points.
    """

    off: int
    stale_price: int
    stale_news: int
    cooldown: int
    positions: int
    position_bps: int
    exposure_bps: int
    participation_bps: int
    fees_bps: int


Unit = Literal["dollars", "shares", "positions", "seconds", "session", "state"]
Comparison = Literal["<=", ">=", "<", "="]
Verdict = tuple[bool, int, int]
Rule = Callable[[Ask, Limits], Verdict]
Chain = Callable[[Ask, Limits], tuple[int, int, int]]  # number, limit, actual
Words = Callable[[Ask, int, int], tuple[str, str]]


class Denial(NamedTuple):
    """Why not: the code, the limit and what was measured, as a person reads them."""

    code: str
    limit: str
    actual: str


class Check(NamedTuple):
    """One row of the table.

    Attributes:
        rule: the check itself.
        words: limit and actual as a person reads them.
        unit: of limit and actual, for programs; comparison: what actual must be to limit.
        always: it cannot be switched off.
        broker_only: it needs a broker; paper trading and backtests do without it.
    """

    rule: Rule
    words: Words
    unit: Unit
    comparison: Comparison
    always: bool = False
    broker_only: bool = False


def market_closed(a: Ask, _: Limits) -> Verdict:
    """Deny outside regular sessions; a decision at the close is closed."""
    return a.is_open != 0, 1, a.is_open


def trading_state(a: Ask, _: Limits) -> Verdict:
    """Deny in every state but ACTIVE."""
    return a.state == ACTIVE, ACTIVE, a.state


def broker_ready(a: Ask, _: Limits) -> Verdict:
    """Deny while the account is not reconciled, no update is heard, or the ticker is halted."""
    return a.broker == READY, READY, a.broker


def stale_price(a: Ask, limits: Limits) -> Verdict:
    """Deny when the last price is unknown or too old."""
    if a.price_stamp == UNKNOWN:
        return False, limits.stale_price, UNKNOWN
    age = a.stamp - a.price_stamp
    return age <= limits.stale_price, limits.stale_price, age


def stale_sentiment(a: Ask, limits: Limits) -> Verdict:
    """Deny when news voted and its newest article is unknown or too old."""
    if a.news_age == NO_NEWS:
        return True, limits.stale_news, NO_NEWS
    if a.news_age == UNKNOWN_NEWS:
        return False, limits.stale_news, UNKNOWN
    return a.news_age <= limits.stale_news, limits.stale_news, a.news_age


def already_held(a: Ask, _: Limits) -> Verdict:
    """Deny when the ticker is held or an entry in it is open."""
    return a.held == 0 and a.entries == 0, 0, a.held


def cooldown(a: Ask, limits: Limits) -> Verdict:
    """Deny within so long after the ticker's last exit."""
    if a.last_exit == UNKNOWN:
        return True, limits.cooldown, UNKNOWN
    since = a.stamp - a.last_exit
    return since >= limits.cooldown, limits.cooldown, since


def max_positions(a: Ask, limits: Limits) -> Verdict:
    """Deny when there are as many positions and open entries as allowed."""
    return a.positions < limits.positions, limits.positions, a.positions


def below_one_share(a: Ask, _: Limits) -> Verdict:
    """Deny when rounding left no share."""
    return a.qty != 0, 1, abs(a.qty)


def max_position_pct(a: Ask, limits: Limits) -> Verdict:
    """Deny when the position, costs included, would be too large a share of equity."""
    limit = limits.position_bps * a.equity // BPS
    return a.cost <= limit, limit, a.cost


def max_fees(a: Ask, limits: Limits) -> Verdict:
    """Deny when the fees of both sides are too large a share of the position's value."""
    limit = limits.fees_bps * abs(a.qty) * a.price // BPS
    return a.fees <= limit, limit, a.fees


def max_exposure(a: Ask, limits: Limits) -> Verdict:
    """Deny when all positions and open entries together would be too large a share of equity."""
    limit, exposure = limits.exposure_bps * a.equity, a.exposure + abs(a.qty) * a.price
    return BPS * exposure <= limit, limit // BPS, exposure


def buying_power(a: Ask, _: Limits) -> Verdict:
    """Deny what free cash cannot pay, slippage, commission and the exit's fees included."""
    return a.cost <= a.cash, a.cash, a.cost


def max_participation(a: Ask, limits: Limits) -> Verdict:
    """Deny more than a share of the volume; unknown volume denies."""
    if a.volume == UNKNOWN:
        return False, limits.participation_bps, UNKNOWN
    limit = limits.participation_bps * a.volume // BPS
    return abs(a.qty) <= limit, limit, abs(a.qty)


def _session(_a: Ask, _limit: int, actual: int) -> tuple[str, str]:
    return "regular session", "open" if actual else "closed"


def _state(_a: Ask, limit: int, actual: int) -> tuple[str, str]:
    return STATES[limit], STATES[actual]


def _broker(_a: Ask, limit: int, actual: int) -> tuple[str, str]:
    return BROKER_STATES[limit], BROKER_STATES[actual]


def _seconds(_a: Ask, limit: int, actual: int) -> tuple[str, str]:
    age = "unknown" if actual == UNKNOWN else f"{actual / SECOND_US:.0f} s"
    return f"{limit // SECOND_US} s", age


def _news_age(_a: Ask, limit: int, actual: int) -> tuple[str, str]:
    if actual == NO_NEWS:
        return f"{limit // MINUTE_US} min", "news did not vote"
    return f"{limit // MINUTE_US} min", "unknown" if actual == UNKNOWN else _minutes(actual)


def _since_exit(_a: Ask, limit: int, actual: int) -> tuple[str, str]:
    return f"{limit // MINUTE_US} min", "no exit yet" if actual == UNKNOWN else _minutes(actual)


def _held(a: Ask, limit: int, actual: int) -> tuple[str, str]:
    return shares(limit), "entry open" if a.entries and not actual else shares(actual)


def _count(_a: Ask, limit: int, actual: int) -> tuple[str, str]:
    return str(limit), str(actual)


def _both_shares(_a: Ask, limit: int, actual: int) -> tuple[str, str]:
    return shares(limit), shares(actual)


def _money(_a: Ask, limit: int, actual: int) -> tuple[str, str]:
    return dollars(limit), dollars(actual)


def _volume(_a: Ask, limit: int, actual: int) -> tuple[str, str]:
    if actual == UNKNOWN:
        return f"{limit} bps of volume", "unknown volume"
    return shares(limit), shares(actual)


def _minutes(micros: int) -> str:
    return f"{micros / MINUTE_US:.1f} min"


def shares(count: int) -> str:
    """Return a number of shares in words."""
    return f"{count} share" if count == 1 else f"{count} shares"


def dollars(units: int) -> str:
    """Return an amount of money in words, with two decimals."""
    return f"{to_money(units):.2f}"


CHECKS: Final[Mapping[str, Check]] = {
    "MARKET_CLOSED": Check(market_closed, _session, "session", "="),
    "TRADING_STATE": Check(trading_state, _state, "state", "="),
    "BROKER": Check(broker_ready, _broker, "state", "=", always=True, broker_only=True),
    "STALE_PRICE": Check(stale_price, _seconds, "seconds", "<="),
    "STALE_SENTIMENT": Check(stale_sentiment, _news_age, "seconds", "<="),
    "ALREADY_HELD": Check(already_held, _held, "shares", "="),
    "COOLDOWN": Check(cooldown, _since_exit, "seconds", ">="),
    "MAX_POSITIONS": Check(max_positions, _count, "positions", "<"),
    "BELOW_ONE_SHARE": Check(below_one_share, _both_shares, "shares", ">=", always=True),
    "MAX_FEES": Check(max_fees, _money, "dollars", "<="),
    "MAX_POSITION_PCT": Check(max_position_pct, _money, "dollars", "<="),
    "MAX_EXPOSURE": Check(max_exposure, _money, "dollars", "<="),
    "BUYING_POWER": Check(buying_power, _money, "dollars", "<="),
    "MAX_PARTICIPATION": Check(max_participation, _volume, "shares", "<="),
}
NAMES: Final = tuple(CHECKS)
SWITCHABLE: Final = tuple(name for name, check in CHECKS.items() if not check.always)
BROKER_ONLY: Final = tuple(name for name, check in CHECKS.items() if check.broker_only)
ACCEPTED: Final = 0  # the number of no denial


def is_off(name: str, limits: Limits) -> bool:
    """Tell whether a check is switched off."""
    return bool(limits.off & (1 << number_of(name)))


def session_denial(is_open: bool, limits: Limits) -> Denial | None:
    """Deny an exit outside regular sessions, as the check does an entry."""
    if is_open or is_off("MARKET_CLOSED", limits):
        return None
    return Denial("MARKET_CLOSED", "regular session", "closed")


def number_of(name: str, table: Mapping[str, Check] = CHECKS) -> int:
    """Return a check's number: its place in the table, from 1."""
    return list(table).index(name) + 1


def switched_off(names: tuple[str, ...], table: Mapping[str, Check] = CHECKS) -> int:
    """Return the bits of `Limits.off`."""
    return sum(1 << number_of(name, table) for name in set(names))


def chained(
    table: Mapping[str, Check] = CHECKS, *, broker: bool = False,
    compiled: Callable[[Any], Any] = lambda rule: rule,
) -> Chain:  # fmt: skip
    """Return one function that gives the first denial: (number, limit, actual), or ACCEPTED.

    Args:
        table: of the checks.
        broker: True includes the checks that need a broker.
        compiled: makes a rule callable from compiled code; by default it is called as it is.
    """

    def accepted(_ask: Ask, _limits: Limits) -> tuple[int, int, int]:
        return ACCEPTED, 0, 0

    first: Chain = compiled(accepted)
    for number, check in reversed(list(enumerate(table.values(), 1))):
        if broker or not check.broker_only:
            first = compiled(_link(number, compiled(check.rule), first))
    return first


def _link(number: int, rule: Rule, rest: Chain) -> Chain:
    bit = 1 << number

    def link(ask: Ask, limits: Limits) -> tuple[int, int, int]:
        if not limits.off & bit:
            passed, limit, actual = rule(ask, limits)
            if not passed:
                return number, limit, actual
        return rest(ask, limits)

    return link


first_denial: Final = chained()
first_denial_at_broker: Final = chained(broker=True)


class Measured(NamedTuple):
    """What one check measured.

    Attributes:
        on: it is not switched off; otherwise nothing was measured, and limit and actual are 0.
    """

    name: str
    on: bool
    passed: bool
    limit: int
    actual: int


def denial_of(ask: Ask, number: int, limit: int, actual: int) -> Denial:
    """Return the denial by the check of a number."""
    code = name = NAMES[number - 1]
    if name == "TRADING_STATE":
        code = STATE_CODES[ask.state]
    elif name == "BROKER":
        code = BROKER_STATES[ask.broker]
    return Denial(code, *CHECKS[name].words(ask, limit, actual))


def measured(ask: Ask, limits: Limits, *, broker: bool = False) -> list[Measured]:
    """Return what every check measures, in order, also behind the first denial."""
    rows = []
    for number, (name, check) in enumerate(CHECKS.items(), 1):
        if check.broker_only and not broker:
            continue
        on = not limits.off & (1 << number)
        rows.append(Measured(name, on, *(check.rule(ask, limits) if on else (True, 0, 0))))
    return rows
