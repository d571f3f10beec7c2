"""Trades, decisions and signals as answers, and the way from one to the other."""

from typing import Any, Literal

from api.live.channels import command_of
from api.values import Answer, Moment, Money
from connectors.storage.pages import Pages
from messages.news import About

Side = Literal["BUY", "SELL"]
Direction = Literal["LONG", "SHORT", "NEUTRAL"]
Status = Literal[
    "PENDING", "SUBMITTED", "ACCEPTED", "PARTIALLY_FILLED", "FILLED", "CANCELLED", "REJECTED",
    "EXPIRED", "REPLACED", "UNKNOWN",
]  # fmt: skip


class Trade(Answer):
    """A fill, or an order's end without one.

    Attributes:
        price: dollars a share; null without a fill. decision_price: when it was decided.
        slippage: dollars that the fill was worse than that; negative: better.
        pnl: realised by what it closed; null when it closed nothing.
        strategy: with the largest part in its signal; of a trade that closed something, in the
            signal of its entry, which gets the credit.
    """

    id: str
    at: Moment
    account: str
    trade_id: str
    order_id: str
    signal_id: str
    strategy: str | None
    ticker: str
    side: Side
    qty: int
    price: Money | None
    decision_price: Money | None
    slippage: Money | None
    commission: Money
    pnl: Money | None
    status: Status


class Vote(Answer):
    """A strategy's part in a signal."""

    strategy: str
    vote: Direction
    strength: float
    weight: float


class Headline(Answer):
    """An article behind a signal, with its score for the signal's ticker.

    Attributes:
        about: how the article is about the ticker: named by its text, tagged by its feed.
        used: it is a cause of a vote; otherwise it was weighed, and no strategy voted for it.
    """

    id: str
    revision: int
    source: str
    url: str
    title: str
    published_at: Moment
    sentiment_score: float
    confidence: float
    model_used: str
    about: About
    used: bool


class Signal(Answer):
    """The ensemble's opinion on a ticker.

    Attributes:
        sentiment_score: of the news that were weighed; sentiment_count: how many articles they
            are. Null where there were none; the count also in runs of earlier versions.
        sentiment_articles: their ids.
    """

    id: str
    at: Moment
    ticker: str
    direction: Direction
    strength: float
    strategy: str | None
    votes: list[Vote]
    sentiment_score: float | None
    sentiment_count: int | None
    sentiment_articles: list[str]
    bar: str


class CheckAnswer(Answer):
    """What one check measured: `measured` must be, by `comparison`, to `limit`.

    Attributes:
        denied: it is the one that denied; those behind it were measured all the same.
    """

    code: str
    comparison: str
    limit: str
    measured: str
    unit: str
    passed: bool
    denied: bool


class Decision(Answer):
    """What was made of a signal, a stop or a command.

    Attributes:
        code: ACCEPTED, or the check that denied; limit, actual: what it wanted, and what it found.
        command_id: of the command that asked for it; empty where none did.
    """

    id: str
    at: Moment
    account: str
    ticker: str
    side: Side
    accepted: bool
    cause: str
    signal_id: str
    command_id: str
    code: str
    limit: str
    actual: str


class Decided(Decision):
    """A decision with every check that was asked, in order."""

    checks: list[CheckAnswer]


class Order(Answer):
    """What was asked of the broker: valid until then; `reduces`: it closes a position.

    Attributes:
        stop_price, target_price: of the legs that the broker is to hold beside it; null for none.
        leg: `stop` or `target` where it is such a leg of the order `leg_of`; empty otherwise.
    """

    id: str
    at: Moment
    ticker: str
    side: Side
    qty: int
    type: str
    time_in_force: str
    limit_price: Money | None
    valid_until: Moment
    reduces: bool
    stop_price: Money | None
    target_price: Money | None
    leg_of: str
    leg: str
    status: Status


class Told(Answer):
    """What a broker said of an order, in the order in which it was heard.

    Attributes:
        at: when it was heard; told_at: by the broker's clock, null where it did not say.
        kind: order: what became of it; fill: an execution.
        status: of the order, after it.
        qty, price, commission: of a fill; 0 and null otherwise.
        reason: the broker's words, or why.
    """

    id: str
    at: Moment
    told_at: Moment | None
    broker: str
    kind: Literal["order", "fill"]
    status: Status | None
    qty: int
    price: Money | None
    commission: Money
    reason: str
    broker_order_id: str
    execution_id: str


class Adjustment(Answer):
    """What the learning cycle that an outcome fell into made of a strategy's weight.

    Attributes:
        proposed: by the rule, before the guardrails; guardrail: what bound it; empty: nothing.
        reward: 0 to 1; 0.5 is neither gain nor loss.
    """

    id: str
    at: Moment
    strategy: str
    old: float
    proposed: float
    new: float
    reward: float
    guardrail: str
    reason: str
    effective_from: Moment


class Credit(Answer):
    """A strategy's share of an outcome, and of its profit, dollars; the shares sum to 1."""

    strategy: str
    share: float
    pnl: Money


class Outcome(Answer):
    """How a closing fill ended, as it is known now.

    Attributes:
        revision: counts how often a correction of its fills made it anew; the others are gone.
        strategy: with the largest share of the credit; credits: everybody's.
        slippage: dollars that the fills of entry and exit were worse than the market's price at
            their decisions; negative: better. entry_slippage, exit_slippage: each side's part;
            null where the exit's fill has been corrected.
    """

    id: str
    at: Moment
    revision: int
    qty: int
    entry_order_id: str
    strategy: str
    credits: list[Credit]
    realized_pnl: Money
    roi: float
    hold_seconds: int
    risk_adjusted_return: float
    trade_sharpe: float | None
    favourable: float
    adverse: float
    slippage: Money
    entry_slippage: Money | None
    exit_slippage: Money | None


class Lineage(Answer):
    """A trade or a decision, with all it came from and led to.

    Attributes:
        told: the order's life at the broker; empty on paper.
        entry_order, entry_trades: what opened the position that this one closed; null and empty
            where it closed nothing.
    """

    decision: Decided | None
    signal: Signal | None
    headlines: list[Headline]
    order: Order | None
    told: list[Told]
    trades: list[Trade]
    outcomes: list[Outcome]
    adjustments: list[Adjustment]
    entry_order: Order | None
    entry_trades: list[Trade]


def lineage_of(pages: Pages, decided: dict[str, Any] | None, signal_id: str) -> Lineage:
    """Return all that a decision came from and led to.

    Args:
        pages: of the run.
        decided: row of the decision; None where there is none.
        signal_id: of the signal behind it; may be empty.
    """
    signal = pages.read("signal", id=signal_id) if signal_id else []
    news = pages.read("news_of_signal", id=signal_id) if signal else []
    fills = pages.read("fills_of_decision", id=decided["id"]) if decided else []
    outcomes = pages.read("outcomes_of_decision", id=decided["id"]) if decided else []
    order = pages.read("order_of_decision", id=decided["id"]) if decided else []
    told = pages.read("told_of_order", id=order[0]["id"]) if order else []
    learnt = pages.read("adjustments_of_decision", id=decided["id"]) if outcomes and decided else []
    entry = pages.read("order", id=outcomes[0]["entry_order_id"]) if outcomes else []
    entered = pages.read("fills_of_order", id=entry[0]["id"]) if entry else []
    return Lineage(
        decision=decided_of(decided) if decided else None,
        signal=signal_of(signal[0]) if signal else None,
        headlines=[Headline(**row) for row in news],
        order=order_of(order[0]) if order else None,
        told=[Told(at=row["event_time"], **row) for row in told],
        trades=[trade_of(row) for row in fills],
        outcomes=[outcome_of(row) for row in outcomes],
        adjustments=[adjustment_of(row) for row in learnt],
        entry_order=order_of(entry[0]) if entry else None,
        entry_trades=[trade_of(row) for row in entered],
    )


def order_of(row: dict[str, Any]) -> Order:
    """Return an order of its row."""
    return Order(at=row["event_time"], **row)


def outcome_of(row: dict[str, Any]) -> Outcome:
    """Return an outcome of its row, with the slippage of each side."""
    known = row["exit_slippage"] is not None
    entered = row["slippage"] - row["exit_slippage"] if known else None
    return Outcome(
        at=row["event_time"], strategy=row["strategy_id"], entry_slippage=entered, **row
    )  # fmt: skip


def trade_of(row: dict[str, Any]) -> Trade:
    """Return a trade of its row."""
    price, decided, slippage = row["price"], row["decision_price"], None
    if price is not None and decided is not None:
        slippage = (price - decided) * row["qty"] * (1 if row["side"] == "BUY" else -1)
    return Trade(
        at=row["event_time"], strategy=row["strategy_id"], slippage=slippage, **row
    )  # fmt: skip


def adjustment_of(row: dict[str, Any]) -> Adjustment:
    """Return an adjustment of its row."""
    return Adjustment(
        at=row["event_time"], strategy=row["strategy_id"], old=row["old_weight"],
        proposed=row["proposed_weight"], new=row["new_weight"], **row,
    )  # fmt: skip


def signal_of(row: dict[str, Any]) -> Signal:
    """Return a signal of its row."""
    plain = {**row, "sentiment_articles": row["sentiment_articles"] or []}
    return Signal(
        at=row["event_time"], strategy=row["strategy_id"], votes=row["strategy_sources"], **plain
    )


def decision_of(row: dict[str, Any]) -> Decision:
    """Return a decision of its row."""
    return Decision(
        at=row["event_time"], limit=row["limit_value"],
        command_id=command_of(row["cause"], row["signal_id"]), **row,
    )  # fmt: skip


def decided_of(row: dict[str, Any]) -> Decided:
    """Return a decision of its row, with its checks."""
    denying = next((c["code"] for c in row["checks"] if not c["passed"]), None)
    checks = [CheckAnswer(**c, denied=c["code"] == denying) for c in row["checks"]]
    return Decided(**decision_of(row).model_dump(), checks=checks)
