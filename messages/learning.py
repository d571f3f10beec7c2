"""Learning facts: how a trade ended, what was made of it, and what a strategy weighs."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from messages.base import Count, Direction, Message, Ticker, Unit

LARGEST_SHARE = 10  # see `operators.learning.credit`
Share = Annotated[float, Meta(ge=-LARGEST_SHARE, le=LARGEST_SHARE)]
Guardrail = Literal["", "min_trades", "disabled", "max_shift", "floor", "sum"]


class Credit(Struct, frozen=True, gc=False):
    """One strategy's share of an outcome; the shares of an outcome sum to 1.

    A strategy that voted against the entry has a negative share: a loss is to its credit.
    """

    strategy: str
    share: Share
    pnl: Decimal


class TradeOutcome(Message, frozen=True, kw_only=True, gc=False):
    """One closing fill, judged.

    Attributes:
        realized_pnl: dollars after commissions.
        roi: realized_pnl over what the entry cost.
        hold_seconds: entry fill to exit fill, by stamp.
        risk_adjusted_return: realized_pnl over what the stop put at risk (R multiple).
        strategy: the strategy with the largest share of the credit.
        closes: the position is closed by it; False for a part.
        trade_sharpe: roi over the volatility of its life by its range (M. Parkinson, 1980); None
            where the price stood still.
        favourable: largest gain of a share while it was held, over the mean entry; adverse: largest
            loss, likewise; both positive.
        slippage: dollars that the fills of both sides were worse than the market's price at the
            decisions, negative where they were better.
        revision: counts how often a correction of its fills made it anew.
        replaces: id of the revision before.
        replaced_qty: what that one said; replaced_pnl, replaced_return, replaced_roi and
            replaced_closes: likewise.
    """

    account: str
    ticker: Ticker
    direction: Direction
    qty: Count
    entry_order_id: str
    exit_order_id: str
    signal_id: str
    realized_pnl: Decimal
    roi: float
    hold_seconds: Count
    risk_adjusted_return: float
    strategy: str
    credits: tuple[Credit, ...]
    closes: bool = True
    trade_sharpe: float | None = None
    favourable: float = 0.0
    adverse: float = 0.0
    slippage: Decimal = Decimal(0)
    revision: Count = 0
    replaces: str = ""
    replaced_qty: Count = 0
    replaced_pnl: Decimal | None = None
    replaced_return: float = 0.0
    replaced_roi: float = 0.0
    replaced_closes: bool = False


class WeightChange(Message, frozen=True, kw_only=True, gc=False):
    """A strategy's weight from a moment on.

    Attributes:
        event_time: when it was decided: the end of a learning cycle.
        effective_from: the first stamp it holds for, UTC; one cycle later.
        guardrail: the rule that bound the change; empty when none did.
        outcomes: ids of the outcomes that the cycle brought.
    """

    strategy: str
    old: Unit
    new: Unit
    effective_from: datetime
    reason: str
    guardrail: str = ""
    outcomes: tuple[str, ...] = ()


class LearningAdjustment(Message, frozen=True, kw_only=True, gc=False):
    """What a learning cycle made of a strategy, whether its weight changes or not.

    Weights are shares of 1 in whole millionths; the new ones of all strategies sum to 1.

    Attributes:
        rule: that proposed it: `ewma` or `hedge`.
        cycle_end: the last moment of the cycle, UTC.
        effective_from: when a change would hold, UTC.
        old: its weight; proposed: by the rule, before the guardrails; new: after them.
        reward: 0 to 1; 0.5 is neither gain nor loss.
        trades: closed round trips that it has had credit for, since the run began.
        outcomes: ids of the outcomes that the cycle brought.
        guardrail: what bound the change: `min_trades` too few trades, `disabled` switched off,
            `max_shift`, `floor`, `sum` the others could not give or take as much; empty: nothing.
    """

    strategy: str
    rule: str
    cycle_end: datetime
    effective_from: datetime
    old: Unit
    proposed: Unit
    new: Unit
    reward: Unit
    trades: Count
    outcomes: tuple[str, ...] = ()
    guardrail: Guardrail = ""
    reason: str = ""


class StrategyMetric(Message, frozen=True, kw_only=True, gc=False):
    """How a strategy has done since the run began; hourly and at each session's end.

    Attributes:
        window_seconds: since the run began.
        trades: closed round trips that it has credit for; wins: those with a profit for it.
        realized_pnl: its credit, dollars.
        mean_roi: of the outcomes it has credit for; None without any.
        sharpe: of its daily credits over the starting cash; None where undefined.
        max_drawdown: of the same, negative or 0.
        mean_hold_seconds: of those outcomes.
        weight: in force.
        votes: in published signals, of which the bars that follow are known; hits: those that the
            price went the way of, over so many bars as the settings say.
    """

    strategy: str
    window_seconds: Count
    trades: Count
    wins: Count
    realized_pnl: Decimal
    mean_roi: float | None
    sharpe: float | None
    max_drawdown: float
    mean_hold_seconds: float | None
    weight: Unit
    votes: Count
    hits: Count
