"""Trading facts: signal, decision, order, execution, position, portfolio."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from messages.base import (
    Count,
    Direction,
    Message,
    Price,
    PriceOrNothing,
    Score,
    Side,
    SmallCount,
    Ticker,
    Unit,
    make_id,
)

Cause = Literal["signal", "stop", "take_profit", "delisted", "command", "reconcile"]
TradingState = Literal["ACTIVE", "PAUSED", "REDUCING", "HALTED"]
OrderStatus = Literal[
    "PENDING",
    "SUBMITTED",
    "ACCEPTED",
    "PARTIALLY_FILLED",
    "FILLED",
    "CANCELLED",
    "REJECTED",
    "EXPIRED",
    "REPLACED",
    "UNKNOWN",
]
Leg = Literal["", "stop", "target"]  # of a bracket; empty for an order of its own


class StrategyVote(Struct, frozen=True, gc=False):
    """One strategy's part in a signal: where it points, how firmly, and its weight then."""

    strategy: str
    vote: Direction
    strength: Unit
    weight: Unit


class SentimentContext(Struct, frozen=True, kw_only=True, gc=False):
    """What the news said of the ticker when the signal was made.

    Attributes:
        as_of: stamp of the newest article counted, UTC.
    """

    count: Count
    mean: Score
    decayed_mean: Score
    confidence: Unit
    as_of: datetime
    article_ids: tuple[str, ...]


class TradeSignal(Message, frozen=True, kw_only=True, gc=False):
    """The ensemble's opinion on one ticker.

    Attributes:
        strength: absolute ensemble score, 0..1.
        bar: id of the bar it was made on; empty when news alone made it.
    """

    ticker: Ticker
    direction: Direction
    strength: Unit
    strategy_sources: tuple[StrategyVote, ...]
    sentiment_context: SentimentContext | None = None
    bar: str = ""


class CheckResult(Struct, frozen=True, gc=False):
    """What one check measured when something was decided.

    Attributes:
        code: of the check, such as MAX_POSITIONS.
        comparison: what `measured` must be to `limit`.
        limit, measured: whole numbers, dollars with four decimals, or words; `unknown` where there
            was none, which denies, and `none` where there was nothing to measure, which does not.
        passed: False for the check that denied, and for those behind it that would have.
    """

    code: str
    comparison: Literal["<=", ">=", "<", "="]
    limit: str
    measured: str
    unit: Literal["dollars", "shares", "positions", "seconds", "session", "state"]
    passed: bool


class Decision(Message, frozen=True, kw_only=True, gc=False):
    """What was made of a signal, a stop or a command: accepted, or denied with a reason.

    Attributes:
        cause: what asked for it.
        signal_id: the signal, or the command, that asked; empty for a stop.
        code: `ACCEPTED`, or the check that denied.
        limit: the check's limit, in words a person can read.
        actual: the value that was measured against it; `unknown` where there was none.
        checks: every check that was asked, in order, those behind the one that denied too; those
            that are switched off are left out.
    """

    account: str
    ticker: Ticker
    side: Side
    accepted: bool
    cause: Cause
    signal_id: str = ""
    code: str
    limit: str = ""
    actual: str = ""
    checks: tuple[CheckResult, ...] = ()


class OrderRequest(Message, frozen=True, kw_only=True, gc=False):
    """An order to be placed, written down before anything is sent.

    Attributes:
        client_order_id: hash of the decision, at most 48 characters; equals `id`.
        valid_until: after this no flow may submit it, UTC.
        reduces: it closes or shrinks a position.
        stop_price, target_price: of an entry, the legs that the broker is to hold beside it,
            dollars; None for none.
        leg_of: the entry whose leg this is: it is at the broker already, and is never sent; empty
            for an order of its own.
        leg: which one.
    """

    account: str
    client_order_id: str
    decision_id: str
    signal_id: str = ""
    ticker: Ticker
    side: Side
    qty: Count
    type: Literal["MARKET", "LIMIT"] = "MARKET"
    time_in_force: Literal["DAY"] = "DAY"
    limit_price: Price | None = None
    legs: tuple[str, ...] = ()
    valid_until: datetime
    reduces: bool = False
    stop_price: Price | None = None
    target_price: Price | None = None
    leg_of: str = ""
    leg: Leg = ""


def leg_decision_id(account: str, entry: str, leg: Leg) -> str:
    """Return the id of the decision that a leg of an entry is, once it is filled."""
    return make_id("dec", account, entry, leg)


def leg_order_id(account: str, entry: str, leg: Leg) -> str:
    """Return the order id of a leg of an entry: whoever knows the entry knows it."""
    return make_id("ord", leg_decision_id(account, entry, leg))


class TradeExecution(Message, frozen=True, kw_only=True, gc=False):
    """What became of an order: a fill, or its end without one.

    Attributes:
        price: dollars per share, 0 for what was written off; None when nothing was filled.
        decision_price: the market's price when the order was decided on; a stop's or a target's
            level where one was met within a bar; None where it is not known.
        high, low: highest and lowest price of the position's life, of what it closed; None when it
            closed nothing.
        commission: dollars paid.
        pnl: realised profit of the shares it closed, commissions of both sides included;
            None when it closed none.
    """

    account: str
    trade_id: str
    order_id: str
    execution_id: str
    signal_id: str = ""
    ticker: Ticker
    side: Side
    qty: Count
    price: PriceOrNothing | None = None
    commission: Decimal = Decimal(0)
    status: OrderStatus
    pnl: Decimal | None = None
    timestamp: datetime
    decision_price: PriceOrNothing | None = None
    high: PriceOrNothing | None = None
    low: PriceOrNothing | None = None


class ClosingProfit(Struct, frozen=True, gc=False):
    """What a closing fill realised after all: its execution, its shares, and the profit."""

    execution_id: str
    qty: Count
    pnl: Decimal


class ExecutionCorrected(Message, frozen=True, kw_only=True, gc=False):
    """An execution that was not as it was told: corrected, or busted, by a command.

    The account is what it would be, had the execution been so from the start.

    Attributes:
        execution_id: of it; trade_id: of its round trip.
        old_qty, old_price, old_commission: as they were booked.
        qty: shares after all, 0 if it was busted; price: of each, None then.
        commission: as before, or 0 if it was busted.
        cash: dollars by which the account's cash changes.
        profits: of every closing fill of the round trip, in order.
    """

    account: str
    ticker: Ticker
    trade_id: str
    execution_id: str
    old_qty: Count
    old_price: PriceOrNothing
    old_commission: Decimal
    qty: Count
    price: Price | None
    commission: Decimal
    cash: Decimal
    profits: tuple[ClosingProfit, ...] = ()


class AccountReset(Message, frozen=True, kw_only=True, gc=False):
    """An account that begins anew by a command: this cash, no position, no order, no profit.

    What strategies have learnt stays.

    Attributes:
        old_equity: cash and positions before it.
        positions: (ticker, signed shares) that are gone.
    """

    account: str
    cash: Decimal
    old_equity: Decimal
    positions: tuple[tuple[str, int], ...] = ()


class TradingStateChanged(Message, frozen=True, kw_only=True, gc=False):
    """What an account may trade from here on, as a command wants it or as follows by itself.

    A command that finds the state it wants says so too: `old` and `new` are alike then.

    Attributes:
        old, new: ACTIVE; PAUSED denies entries; REDUCING cancels open entries, too; HALTED denies
            exits by signal, too. Stops, targets and commands act in every state.
        cause: `command`, or `flattened`: the last position that a `flatten` closed is gone.
        command_id: of the command behind it; who, why: its.
    """

    account: str
    old: TradingState
    new: TradingState
    cause: Literal["command", "flattened"]
    command_id: str
    who: str
    why: str = ""


class PositionChanged(Message, frozen=True, kw_only=True, gc=False):
    """A position after a fill; qty 0 when it is closed, negative when short.

    Attributes:
        cost: what the open shares cost, dollars, exact; avg_entry is cost / qty, rounded.
        stop_loss: last price that stops it; take_profit: first price that closes it with a profit;
            trail: last price that stops it by its distance from the best since the entry, as of
            this change; None for what is not set.
    """

    account: str
    ticker: Ticker
    qty: int
    avg_entry: Decimal
    cost: Decimal
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    stop_loss: Price | None = None
    take_profit: Price | None = None
    trail: Price | None = None


class PortfolioSnapshot(Message, frozen=True, kw_only=True, gc=False):
    """The account at one moment: cash + positions = equity, to the last unit."""

    account: str
    cash: Decimal
    positions_value: Decimal
    equity: Decimal
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    open_positions: SmallCount
    trading_state: TradingState
