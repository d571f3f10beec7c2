"""One message of each kind as it lies on the wire, and values at the edge of what a field takes."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from messages.broker import BrokerEvent, Difference
from messages.codec import encode
from messages.control import DeadLetter, RunStarted
from messages.learning import Credit, LearningAdjustment, StrategyMetric, TradeOutcome
from messages.market import TradingHalt
from messages.news import SentimentWindow
from messages.topics import DEAD_LETTERS, TOPICS
from messages.trading import (
    AccountReset,
    ClosingProfit,
    ExecutionCorrected,
    TradingStateChanged,
)
from operators.params import Params
from operators.trading.desk import Desk
from tests.streams import DAY, bar, blocks, command, outputs, raw, request, scored, signal, weight

MOMENT: Final = datetime(2025, 3, 12, 13, 31, tzinfo=UTC)
EXTREMES: Final[tuple[Any, ...]] = (
    None, True, False, 0, 1, -1, 1.0, 1.5, -0.0, 1e308, 2**31 - 1, 2**31, 2**53, 2**53 + 1,
    2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**40, "", "x", "1", "AAPL\n", "_market\n",
    "2025-03-12T13:30:00Z", "2025-03-12T13:30:00", "2025-03-12", "2025-03-12T13:30:00+25:00",
    "2025-03-12T24:00:00Z", "2025-03-12T13:30:60Z", "9999-12-31T23:59:59Z",
    "9998-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "0002-01-01T00:00:00+14:00",
    [], ["a"], [1], {}, "1.23", "-1.23", "NaN", "-Infinity", "1e5", "1E+400", "1e-400",
    "999999999999999.9999", "x" * 3_000,
)  # fmt: skip


def every_message() -> dict[type[Any], dict[str, Any]]:
    """Return a good message of each type that travels in the log, as JSON values."""
    events = [bar(m, "AAA", 100_0000) for m in range(1, 9)]
    events += [signal(2, "AAA", "LONG"), signal(4, "AAA", "SHORT")]
    traded = outputs(Desk(Params(), DAY), blocks(sorted(events, key=lambda e: e.stamp), []))
    inputs = [
        bar(1, "AAA", 1_0000), raw(1, "Title", ("AAA",)), scored(1, "AAA", 0.5), command(1, "halt"),
            request(1, "halt"),
        weight(1, "momentum", 0.5), signal(1, "AAA", "LONG"),
    ]  # fmt: skip
    bodies: list[Any] = [e.body for e in (*traded, *inputs)]
    bodies += [
        SentimentWindow(
            id="w", event_time=MOMENT, ticker="AAA", start=MOMENT, seconds=300, count=1, mean=0.5,
            decayed_mean=0.25, confidence=0.75, article_ids=("a", "b"),
        ),
        DeadLetter(
            id="d", event_time=MOMENT, reason="LATE", detail="x", topic="t", partition=3,
            offset=77, payload=b"\x00", size=1,
        ),
        ExecutionCorrected(
            id="c", event_time=MOMENT, account="paper", ticker="AAA", trade_id="t",
            execution_id="e", old_qty=7, old_price=1.5, old_commission=Decimal("0.1"), qty=6,
            price=1.25, commission=Decimal("0.1"), cash=Decimal("-1.5"),
            profits=(ClosingProfit("x", 6, Decimal("1.5")),),
        ),
        AccountReset(
            id="s", event_time=MOMENT, account="paper", cash=Decimal(1000),
            old_equity=Decimal("990.5"), positions=(("AAA", -7),),
        ),
        TradingStateChanged(
            id="k", event_time=MOMENT, account="paper", old="ACTIVE", new="HALTED",
            cause="command", command_id="c", who="tester", why="x",
        ),
        BrokerEvent(
            id="b", event_time=MOMENT, account="main", broker="alpaca", kind="fill",
            order_id="ord-1", broker_order_id="7", execution_id="x1", ticker="AAA", side="BUY",
            qty=7, price=1.5, commission=Decimal("0.1"), status="FILLED",
            differences=(Difference("AAA", Decimal(7), Decimal("7.5")),), unmanaged=("BBB 2",),
            cash=Decimal("1.5"), equity=Decimal(2), buying_power=Decimal(3), told_at=MOMENT,
        ),
        TradingHalt(
            id="h", event_time=MOMENT, ticker="AAA", halted=True, code="T1", reason="news",
            source="alpaca",
        ),
        TradeOutcome(
            id="o", event_time=MOMENT, account="paper", ticker="AAA", direction="LONG", qty=7,
            entry_order_id="e", exit_order_id="x", signal_id="s", realized_pnl=Decimal("1.5"),
            roi=0.1, hold_seconds=60, risk_adjusted_return=0.2, strategy="momentum",
            credits=(Credit("momentum", 1.0, Decimal("1.5")),),
        ),
        LearningAdjustment(
            id="a", event_time=MOMENT, strategy="momentum", rule="ewma", cycle_end=MOMENT,
            effective_from=MOMENT, old=0.5, proposed=0.25, new=0.375, reward=0.5, trades=3,
            outcomes=("o",), guardrail="floor", reason="x",
        ),
        StrategyMetric(
            id="m", event_time=MOMENT, strategy="momentum", window_seconds=60, trades=2, wins=1,
            realized_pnl=Decimal("1.5"), mean_roi=0.5, sharpe=None, max_drawdown=-0.25,
            mean_hold_seconds=30.0, weight=0.375, votes=4, hits=3,
        ),
        RunStarted(
            id="r", event_time=MOMENT, run_id="r", code_version="1", settings_hash="0", partitions=1
        ),
    ]  # fmt: skip
    found = {type(b): msgspec.json.decode(encode(b)) for b in bodies}
    assert set(found) == {t.schema for t in (*TOPICS, *DEAD_LETTERS)}
    return found
