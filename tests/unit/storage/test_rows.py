"""Each message as a row: as many values as columns, each in its place."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec import Struct, structs
from psycopg.types.json import Jsonb

from connectors.storage.rows import TARGETS, WRITTEN
from messages.broker import BrokerEvent, Difference
from messages.control import CommandRequest, DeadLetter
from messages.learning import Credit, LearningAdjustment, StrategyMetric, TradeOutcome
from messages.market import Bar, TradingHalt
from messages.news import SentimentWindow
from messages.topics import DEAD_LETTERS, TOPICS
from messages.trading import (
    AccountReset,
    ClosingProfit,
    Decision,
    ExecutionCorrected,
    OrderRequest,
    PortfolioSnapshot,
    PositionChanged,
    SentimentContext,
    StrategyVote,
    TradeExecution,
    TradeSignal,
    TradingStateChanged,
)
from operators.blocks import Event
from operators.params import Params
from operators.trading.desk import Desk
from tests.archives import run_of, started
from tests.streams import (
    DAY,
    at,
    bar,
    blocks,
    bodies,
    command,
    outputs,
    raw,
    scored,
    signal,
    weight,
)

MOMENT = datetime(2025, 3, 12, 13, 31, tzinfo=UTC)


def traded() -> list[Event]:
    """Return what a desk makes of a position opened and closed."""
    events = [bar(m, "AAA", 100_0000) for m in range(1, 9)]
    events += [signal(2, "AAA", "LONG"), signal(4, "AAA", "SHORT")]
    return outputs(Desk(Params(), DAY), blocks(sorted(events, key=lambda e: e.stamp), []))


def examples(tmp: Any) -> dict[type[Struct], Any]:
    from messages.codec import decoder
    from messages.control import RunStarted

    window = SentimentWindow(
        id="w", event_time=MOMENT, ticker="AAA", start=MOMENT, seconds=300, count=1, mean=0.5,
        decayed_mean=0.25, confidence=0.75, article_ids=("a", "b"),
    )  # fmt: skip
    letter = DeadLetter(
        id="d", event_time=MOMENT, reason="LATE", detail="x", topic="t", partition=3, offset=77,
        payload=b"\x00", size=1,
    )  # fmt: skip
    outcome = TradeOutcome(
        id="o", event_time=MOMENT, account="paper", ticker="AAA", direction="LONG", qty=7,
        entry_order_id="e", exit_order_id="x", signal_id="s", realized_pnl=Decimal("1.5"), roi=0.1,
        hold_seconds=60, risk_adjusted_return=0.2, strategy="momentum",
        credits=(Credit("momentum", 1.0, Decimal("1.5")),),
    )  # fmt: skip
    adjustment = LearningAdjustment(
        id="a", event_time=MOMENT, strategy="momentum", rule="ewma", cycle_end=MOMENT,
        effective_from=MOMENT, old=0.5, proposed=0.25, new=0.375, reward=0.5, trades=3,
        outcomes=("o",), guardrail="floor", reason="x",
    )  # fmt: skip
    metric = StrategyMetric(
        id="m", event_time=MOMENT, strategy="momentum", window_seconds=60, trades=2, wins=1,
        realized_pnl=Decimal("1.5"), mean_roi=0.5, sharpe=None, max_drawdown=-0.25,
        mean_hold_seconds=30.0, weight=0.375, votes=4, hits=3,
    )  # fmt: skip
    correction = ExecutionCorrected(
        id="c", event_time=MOMENT, account="paper", ticker="AAA", trade_id="t", execution_id="e",
        old_qty=7, old_price=1.5, old_commission=Decimal("0.1"), qty=6, price=1.25,
        commission=Decimal("0.1"), cash=Decimal("-1.5"),
        profits=(ClosingProfit("x", 6, Decimal("1.5")),),
    )  # fmt: skip
    reset = AccountReset(
        id="s", event_time=MOMENT, account="paper", cash=Decimal(1000),
        old_equity=Decimal("990.5"), positions=(("AAA", -7),),
    )  # fmt: skip
    state = TradingStateChanged(
        id="k", event_time=MOMENT, account="paper", old="ACTIVE", new="HALTED", cause="command",
        command_id="c", who="tester", why="x",
    )  # fmt: skip
    told = BrokerEvent(
        id="b", event_time=MOMENT, account="main", broker="alpaca", kind="drift",
        differences=(Difference("AAA", Decimal(7), Decimal("7.5")),), unmanaged=("BBB 2",),
        cash=Decimal("1.5"), equity=Decimal(2), buying_power=Decimal(3), told_at=MOMENT,
    )  # fmt: skip
    halt = TradingHalt(
        id="h", event_time=MOMENT, ticker="AAA", halted=True, code="T1", reason="news",
        source="alpaca",
    )  # fmt: skip
    made = [e.body for e in traded()]
    made += [adjustment, metric, correction, reset, state, told, halt]
    made += [bar(1, "AAA", 1_0000).body, raw(1, "Title", ("AAA",)).body, command(1, "pause").body]
    made += [scored(1, "AAA", 0.5).body, weight(1, "momentum", 0.5).body, window, letter, outcome]
    made += [decoder(RunStarted)(started(run_of(tmp)).value or b""), signal(1, "AAA", "LONG").body]
    return {type(body): body for body in made}


def row_of(body: Any, stamp: int = 5) -> dict[str, Any]:
    target = TARGETS[type(body)]
    return dict(zip(target.columns, target.values(stamp, body), strict=True))


def test_every_message_that_travels_has_a_table() -> None:
    asked = {CommandRequest}  # kept as the command that it becomes, or as a dead letter
    assert {t.schema for t in (*TOPICS, *DEAD_LETTERS)} - asked == set(TARGETS)
    tables = [t.table.name for t in TARGETS.values()]
    assert len(tables) == len(set(tables))


def test_every_column_is_filled_from_the_field_of_its_name(tmp_path: Any) -> None:
    found = examples(tmp_path)
    assert set(found) == set(TARGETS)
    renamed = {"strategy_id", "old_weight", "new_weight", "limit_value", "record_offset",
               "proposed_weight", "old_state", "new_state"}  # fmt: skip
    for kind, body in found.items():
        row = row_of(body, 123)
        assert row["stamp"] == 123, kind
        for name, value in row.items():
            if name in renamed or name == "stamp" or isinstance(value, Jsonb):
                continue
            if hasattr(body, name):
                given = getattr(body, name)
                wanted = list(given) if isinstance(given, tuple) else given
                exact = repr(wanted) if kind is Bar and isinstance(wanted, float) else wanted
                assert value == exact, (kind, name)


def test_no_column_that_must_be_filled_is_left_empty(tmp_path: Any) -> None:
    for kind, body in examples(tmp_path).items():
        row = row_of(body)
        for column in TARGETS[kind].table.columns:
            if column.name not in WRITTEN and not column.nullable:
                assert row[column.name] is not None, (kind, column.name)


@pytest.mark.parametrize(
    ("kind", "column", "field"),
    [
        (DeadLetter, "record_offset", "offset"),
        (Decision, "limit_value", "limit"),
    ],
)
def test_columns_with_another_name(
    tmp_path: Any, kind: type[Struct], column: str, field: str
) -> None:
    body = examples(tmp_path)[kind]
    assert row_of(body)[column] == getattr(body, field)


def test_a_weight_s_old_and_new_are_not_mixed_up() -> None:
    body = structs.replace(weight(1, "momentum", 0.75).body, old=0.25)
    row = row_of(body)
    assert (row["strategy_id"], row["old_weight"], row["new_weight"]) == ("momentum", 0.25, 0.75)


@pytest.mark.parametrize(
    ("votes", "leader"),
    [
        ((), None),
        ((StrategyVote("a", "SHORT", 1.0, 1.0),), None),
        ((StrategyVote("a", "LONG", 0.5, 0.4), StrategyVote("b", "LONG", 0.5, 0.5)), "b"),
        ((StrategyVote("b", "LONG", 0.4, 0.5), StrategyVote("a", "LONG", 0.5, 0.4)), "a"),
        ((StrategyVote("a", "LONG", 0.1, 0.1), StrategyVote("b", "SHORT", 1.0, 1.0)), "a"),
    ],
)
def test_the_strategy_behind_a_signal(votes: tuple[StrategyVote, ...], leader: str | None) -> None:
    body = structs.replace(signal(1, "AAA", "LONG").body, strategy_sources=votes)
    assert isinstance(body, TradeSignal)
    row = row_of(body)
    assert (row["strategy_id"], row["acted_on"], row["sentiment_score"]) == (leader, None, None)
    assert (row["sentiment_articles"], row["sentiment_count"]) == (None, None)


def test_a_signal_keeps_the_articles_that_were_weighed_for_it() -> None:
    context = SentimentContext(
        count=2, mean=0.1, decayed_mean=0.2, confidence=0.9,
        as_of=datetime(2025, 3, 12, tzinfo=UTC), article_ids=("art-1", "art-2"),
    )  # fmt: skip
    row = row_of(structs.replace(signal(1, "AAA", "LONG").body, sentiment_context=context))
    assert (row["sentiment_score"], row["sentiment_count"]) == (0.2, 2)
    assert row["sentiment_articles"] == ["art-1", "art-2"]


def test_a_trade_and_its_order_agree() -> None:
    events = traded()
    orders = {o.id: row_of(o) for o in bodies(events, OrderRequest)}
    fills = [row_of(e) for e in bodies(events, TradeExecution)]
    assert len(orders) == len(fills) == 2
    for fill in fills:
        order = orders[fill["order_id"]]
        assert (order["ticker"], order["side"], order["qty"]) == (
            fill["ticker"], fill["side"], fill["qty"]
        )  # fmt: skip
        assert order["status"] == "PENDING"
    assert {k for k, v in fills[0].items() if v is None} == {
        "strategy_id", "pnl", "high", "low",
    }  # fmt: skip
    assert bodies(events, PositionChanged)
    assert bodies(events, PortfolioSnapshot)


def unescaped(line: str) -> list[str]:
    """Read a line of COPY's text format as PostgreSQL does."""
    plain = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
    columns = []
    for column in line.removesuffix("\n").split("\t"):
        out, i = "", 0
        while i < len(column):
            pair = column[i : i + 2]
            out, i = (out + plain[pair], i + 2) if pair in plain else (out + column[i], i + 1)
        columns.append(out)
    return columns


@pytest.mark.parametrize("source", ["plain", "tab\there", "back\\slash\\t", "a\nb\rc", "é\u200b"])
def test_lines_of_bars_say_what_the_rows_say(source: str) -> None:
    events = [
        bar(1, "AAA", 100_0001, source=source), bar(1, "BBB", 5, backfilled=True),
        bar(2, "AAA", 99_0000, revision=3),
    ]  # fmt: skip
    target = TARGETS[Bar]
    assert target.lines is not None
    text = target.lines(events, None)
    assert target.lines(events, 7).split("\n")[-2] == text.split("\n")[-2] + "\t9", "numbered"
    assert text.count("\n") == len(events), "one line each, whatever is in it"
    for line, event in zip(text.splitlines(keepends=True) if source != "a\nb\rc" else
                           text.split("\n")[:-1], events, strict=True):  # fmt: skip
        row = row_of(event.body, event.stamp)
        wanted = [
            {True: "t", False: "f"}[v] if isinstance(v, bool)
            else v.isoformat() if isinstance(v, datetime) else str(v)
            for v in row.values()
        ]  # fmt: skip
        assert unescaped(line) == wanted


def test_state_and_facts_differ() -> None:
    latest = {t.table.name for t in TARGETS.values() if t.latest}
    assert latest == {"positions"}
    partitioned = {t.table.name: t.time for t in TARGETS.values() if t.time}
    assert partitioned == {
        "market_data": "start", "portfolio_snapshots": "event_time",
        "strategy_metrics": "event_time",
    }  # fmt: skip
    assert TARGETS[Bar].key == ["ticker", "interval", "start", "revision"]


def test_stamps_are_taken_over() -> None:
    assert row_of(bar(1, "AAA", 1_0000).body, at(7))["stamp"] == at(7)
