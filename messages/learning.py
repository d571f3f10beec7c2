"""Learning facts: how a trade ended, and what a strategy weighs."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from messages.base import Count, Direction, Message, Ticker, Unit


class Credit(Struct, frozen=True, gc=False):
    """One strategy's share of an outcome; the shares of an outcome sum to 1."""

    strategy: str
    share: Unit
    pnl: Decimal


class TradeOutcome(Message, frozen=True, kw_only=True, gc=False):
    """One closed trade, judged.

    Attributes:
        realized_pnl: dollars after commissions.
        roi: realized_pnl over what the entry cost.
        hold_seconds: entry fill to exit fill, by stamp.
        risk_adjusted_return: realized_pnl over what the stop put at risk (R multiple).
        strategy: the strategy with the largest share of the credit.
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


class WeightChange(Message, frozen=True, kw_only=True, gc=False):
    """A strategy's weight from a moment on.

    Attributes:
        effective_from: the first stamp it holds for, UTC.
        guardrail: the rule that bound the change; empty when none did.
        outcomes: ids of the outcomes it was computed from.
    """

    strategy: str
    old: Unit
    new: Unit
    effective_from: datetime
    reason: str
    guardrail: str = ""
    outcomes: tuple[str, ...] = ()
