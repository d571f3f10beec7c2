"""Every table, in the words of the messages. Money and prices are NUMERIC(20, 4), exact.

Each run has a schema of its own, so tables name none. `stamp` is the record's place in time
(microseconds); `created_at` and `updated_at` say when the row was written and mean nothing else.
"""

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

metadata = MetaData()
Money: Final = Numeric(20, 4)
Moment: Final = DateTime(timezone=True)
SqlType = TypeEngine[Any] | type[TypeEngine[Any]]


def _fact(name: str, *columns: Column[Any]) -> Table:
    """Define a table with one row per record, keyed by the record's id."""
    return Table(
        name,
        metadata,
        Column("id", Text, primary_key=True),
        Column("stamp", BigInteger, nullable=False),
        Column("event_time", Moment, nullable=False),
        Column("causes", ARRAY(Text), nullable=False),
        *columns,
        *_written(),
    )


def _written() -> tuple[Column[Any], ...]:
    return (
        Column("created_at", Moment, nullable=False, server_default=func.now()),
        Column("updated_at", Moment, nullable=False, server_default=func.now()),
    )


def _text(name: str, *, index: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=False, index=index)


def _of(name: str, kind: SqlType, *, null: bool = False) -> Column[Any]:
    return Column(name, kind, nullable=null)


runs = _fact(
    "runs", _text("run_id"), _text("code_version"), _text("settings_hash"),
    _of("partitions", Integer), _of("inputs", ARRAY(Text)),
)  # fmt: skip
commands = _fact("commands", _text("kind"), _text("ticker"), _text("who"), _text("why"))
articles = Table(
    "articles", metadata,
    Column("id", Text, primary_key=True), Column("revision", Integer, primary_key=True),
    _of("stamp", BigInteger), _of("event_time", Moment), _text("source"), _text("url"),
    _text("title"), _text("content"), _of("symbols", ARRAY(Text)), _of("published_at", Moment),
    _of("fetched_at", Moment), _text("content_hash", index=True), _of("undated", Boolean),
    *_written(),
)  # fmt: skip
article_sentiments = _fact(
    "article_sentiments", _text("article_id", index=True), _of("article_revision", Integer),
    _text("ticker", index=True), _of("published_at", Moment), _of("sentiment_score", Float),
    _of("confidence", Float), _text("model_used"), _of("entities", ARRAY(Text)), _text("reasoning"),
)  # fmt: skip
sentiment_windows = _fact(
    "sentiment_windows", _text("ticker", index=True), _of("start", Moment),
    _of("seconds", Integer), _of("count", Integer), _of("mean", Float),
    _of("decayed_mean", Float), _of("confidence", Float),
    _of("article_ids", ARRAY(Text)),
)  # fmt: skip
market_data = Table(
    "market_data", metadata,
    Column("ticker", Text, primary_key=True), Column("start", Moment, primary_key=True),
    Column("interval", Text, primary_key=True), Column("revision", Integer, primary_key=True),
    _text("id"), _of("stamp", BigInteger), _of("open", Money), _of("high", Money),
    _of("low", Money), _of("close", Money), _of("volume", BigInteger), _text("source"),
    _of("backfilled", Boolean), *_written(),
)  # fmt: skip
signals = _fact(
    "signals", _text("ticker", index=True), _text("direction"), _of("strength", Float),
    _of("strategy_sources", JSONB), _of("sentiment_score", Float, null=True), _text("bar"),
    _of("acted_on", Boolean, null=True),
)  # fmt: skip
decisions = _fact(
    "decisions", _text("account"), _text("ticker", index=True), _text("side"),
    _of("accepted", Boolean), _text("cause"), _text("signal_id", index=True), _text("code"),
    _text("limit_value"), _text("actual"),
)  # fmt: skip
orders = _fact(
    "orders", _text("account"), _text("client_order_id"), _text("decision_id"),
    _text("signal_id"),
    _text("ticker", index=True), _text("side"), _of("qty", BigInteger), _text("type"),
    _text("time_in_force"), _of("limit_price", Money, null=True), _of("valid_until", Moment),
    _of("reduces", Boolean), _text("status"),
)  # fmt: skip
trades = _fact(
    "trades", _text("account"), _text("trade_id"), _text("order_id", index=True),
    _text("signal_id"),
    _text("ticker", index=True), _text("side"), _of("qty", BigInteger),
    _of("price", Money, null=True), _of("commission", Money), _text("status"),
    _of("pnl", Money, null=True),
)  # fmt: skip
positions = Table(
    "positions", metadata,
    Column("account", Text, primary_key=True), Column("ticker", Text, primary_key=True),
    _text("id"), _of("stamp", BigInteger), _of("event_time", Moment), _of("qty", BigInteger),
    _of("avg_entry", Money), _of("cost", Money), _of("realized_pnl", Money),
    _of("unrealized_pnl", Money), _of("stop_loss", Money, null=True),
    _of("take_profit", Money, null=True), *_written(),
)  # fmt: skip
portfolio_snapshots = _fact(
    "portfolio_snapshots", _text("account"), _of("cash", Money), _of("positions_value", Money),
    _of("equity", Money), _of("realized_pnl", Money), _of("unrealized_pnl", Money),
    _of("open_positions", Integer), _text("trading_state"),
)  # fmt: skip
trade_outcomes = _fact(
    "trade_outcomes", _text("account"), _text("ticker", index=True), _text("direction"),
    _of("qty", BigInteger), _text("entry_order_id"), _text("exit_order_id"), _text("signal_id"),
    _of("realized_pnl", Money), _of("roi", Float), _of("hold_seconds", BigInteger),
    _of("risk_adjusted_return", Float), _text("strategy", index=True), _of("credits", JSONB),
)  # fmt: skip
strategies = Table(
    "strategies", metadata,
    Column("id", Text, primary_key=True), Column("name", Text, nullable=False, unique=True),
    _text("description"), _of("current_weight", Float), _of("active", Boolean), *_written(),
)  # fmt: skip
strategy_weights_history = _fact(
    "strategy_weights_history", _text("strategy_id", index=True), _of("old_weight", Float),
    _of("new_weight", Float), _of("effective_from", Moment), _text("reason"), _text("guardrail"),
    _of("outcomes", ARRAY(Text)),
)  # fmt: skip
dead_letters = _fact(
    "dead_letters", _text("reason", index=True), _text("detail"), _text("topic"),
    _of("partition", Integer), _of("record_offset", BigInteger), _of("payload", LargeBinary),
    _of("size", BigInteger),
)  # fmt: skip
