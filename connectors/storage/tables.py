"""The tables of facts, in the words of the messages. Money and prices are NUMERIC(20, 4), exact.

Each run has a schema of its own, so tables name none. `stamp` is the record's place in time
(microseconds); `created_at` and `updated_at` say when the row was written, and changed where rows
change, and mean nothing else.
Facts have no foreign keys: they may arrive in any order. The people's tables are in `people.py`.

market_data, portfolio_snapshots and strategy_metrics are partitioned by the record's own time:
hypertables where TimescaleDB is, native range partitions by month elsewhere (`partitions.py`).
"""

from typing import Any, Final, get_args

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Enum,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from messages.base import Direction, Side
from messages.news import About
from messages.trading import OrderStatus

metadata = MetaData()
Money: Final = Numeric(20, 4)
Moment: Final = DateTime(timezone=True)
# Orders that a broker may still fill.
OPEN: Final = "status IN ('PENDING', 'SUBMITTED', 'ACCEPTED', 'PARTIALLY_FILLED', 'UNKNOWN')"
SWITCHES: Final = "kind IN ('enable_strategy', 'disable_strategy')"
SqlType = TypeEngine[Any] | type[TypeEngine[Any]]


def _fact(
    name: str, *columns: Column[Any] | Index, by_time: bool = False, changes: bool = False
) -> Table:
    """Define a table with one row per record, keyed by its id, or by (id, time) if partitioned.

    `changes`: later records say more of an earlier one, so a row has a time of its last change.
    """
    head: tuple[Column[Any], ...] = (
        Column("id", Text, primary_key=True),
        Column("stamp", BigInteger, nullable=False),
        Column("event_time", Moment, nullable=False, primary_key=by_time),
        Column("causes", ARRAY(Text), nullable=False),
    )
    by = "RANGE (event_time)" if by_time else None
    return Table(
        name, metadata, *head, *columns, *written(changes=changes), postgresql_partition_by=by
    )


def written(*, changes: bool = True) -> tuple[Column[Any], ...]:
    """Return the columns that say when a row was written, and last changed where that happens."""
    names = ("created_at", "updated_at") if changes else ("created_at",)
    return tuple(Column(n, Moment, nullable=False, server_default=func.now()) for n in names)


def one_of(name: str, literal: object, *, null: bool = False) -> Column[Any]:
    """Define a column of the words of a Literal, checked by the database."""
    words = Enum(*get_args(literal), name=f"{name}_word", native_enum=False, create_constraint=True)
    return Column(name, words, nullable=null)


def _text(name: str, *, index: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=False, index=index)


def _of(name: str, kind: SqlType, *, null: bool = False) -> Column[Any]:
    return Column(name, kind, nullable=null)


runs = _fact(
    "runs", _text("run_id"), _text("code_version"), _text("settings_hash"),
    _of("partitions", Integer), _of("inputs", ARRAY(Text)),
)  # fmt: skip
commands = _fact(
    "commands", _text("kind"), _text("ticker"), _text("who"), _text("why"), _text("strategy"),
    _text("execution"), _of("qty", BigInteger, null=True), _of("price", Money, null=True),
    _of("cash", Money, null=True),
    Index("ix_commands_stamp_id", "stamp", "id"),
    Index("ix_commands_strategy_stamp_id", "strategy", "stamp", "id",
          postgresql_where=text(SWITCHES)),
)  # fmt: skip
articles = Table(
    "articles", metadata,
    Column("id", Text, primary_key=True), Column("revision", Integer, primary_key=True),
    _of("stamp", BigInteger), _of("event_time", Moment), _text("source"), _text("url"),
    _text("title"), _text("content"), _of("symbols", ARRAY(Text)), _of("published_at", Moment),
    _of("fetched_at", Moment), _text("content_hash", index=True), _of("undated", Boolean),
    *written(changes=False),
    Index("ix_articles_published_at_id", "published_at", "id"),
)  # fmt: skip
article_sentiments = _fact(
    "article_sentiments", _text("article_id", index=True), _of("article_revision", Integer),
    _text("ticker"), Index("ix_article_sentiments_ticker_stamp", "ticker", "stamp"),
    _of("published_at", Moment), _of("sentiment_score", Float),
    _of("confidence", Float), _text("model_used"), _of("entities", ARRAY(Text)), _text("reasoning"),
    _of("revision", Integer), _text("fallback"), one_of("about", About),
    Index("ix_article_sentiments_ticker_published_at", "ticker", "published_at", "article_id"),
)  # fmt: skip
sentiment_windows = _fact(
    "sentiment_windows", _text("ticker", index=True), _of("start", Moment),
    _of("seconds", Integer), _of("count", Integer), _of("mean", Float),
    _of("decayed_mean", Float), _of("confidence", Float),
    _of("article_ids", ARRAY(Text)),
    Index("ix_sentiment_windows_stamp_id", "stamp", "id"),
    Index("ix_sentiment_windows_ticker_stamp_id", "ticker", "stamp", "id"),
)  # fmt: skip
market_data = Table(
    "market_data", metadata,
    _text("ticker"), _of("start", Moment), _text("interval"), _of("revision", Integer),
    PrimaryKeyConstraint("ticker", "interval", "start", "revision"),
    _text("id"), _of("stamp", BigInteger), _of("open", Money), _of("high", Money),
    _of("low", Money), _of("close", Money), _of("volume", BigInteger), _text("source"),
    _of("backfilled", Boolean), *written(changes=False),
    Index("ix_market_data_start", "start", postgresql_using="brin"),
    postgresql_partition_by="RANGE (start)",
)  # fmt: skip
signals = _fact(
    "signals", _text("ticker"), one_of("direction", Direction), _of("strength", Float),
    _of("strategy_sources", JSONB), _of("strategy_id", Text, null=True),
    _of("sentiment_score", Float, null=True), _text("bar"), _of("acted_on", Boolean, null=True),
    _of("sentiment_articles", ARRAY(Text), null=True),
    _of("sentiment_count", BigInteger, null=True),
    Index("ix_signals_stamp_id", "stamp", "id"),
    Index("ix_signals_ticker_stamp_id", "ticker", "stamp", "id"),
    changes=True,
)  # fmt: skip
decisions = _fact(
    "decisions", _text("account"), _text("ticker", index=True), one_of("side", Side),
    _of("accepted", Boolean), _text("cause"), _text("signal_id", index=True), _text("code"),
    _text("limit_value"), _text("actual"), _of("checks", JSONB),
    Index("ix_decisions_stamp_id", "stamp", "id"),
    Index("ix_decisions_ticker_stamp_id", "ticker", "stamp", "id"),
    Index("ix_decisions_denied", "stamp", "id", postgresql_where=text("NOT accepted")),
)  # fmt: skip
orders = _fact(
    "orders", _text("account"), _text("client_order_id"), _text("decision_id"),
    _text("signal_id"),
    _text("ticker", index=True), one_of("side", Side), _of("qty", BigInteger), _text("type"),
    _text("time_in_force"), _of("limit_price", Money, null=True), _of("valid_until", Moment),
    _of("reduces", Boolean), _of("stop_price", Money, null=True),
    _of("target_price", Money, null=True), _text("leg_of"), _text("leg"),
    one_of("status", OrderStatus),
    Index("ix_orders_decision_id", "decision_id"),
    Index("ix_orders_stamp_id", "stamp", "id"),
    Index("ix_orders_account_stamp_id", "account", "stamp", "id"),
    Index("ix_orders_open", "account", "stamp", "id", postgresql_where=text(OPEN)),
    changes=True,
)  # fmt: skip
broker_events = _fact(
    "broker_events", _text("account"), _text("broker"), _text("kind"), _text("order_id"),
    _text("leg_of"), _text("leg"),
    _text("broker_order_id"), _text("execution_id"), _of("ticker", Text, null=True),
    one_of("side", Side, null=True), _of("qty", BigInteger), _of("price", Money, null=True),
    _of("commission", Money), one_of("status", OrderStatus, null=True), _text("reason"),
    _of("cash", Money, null=True), _of("equity", Money, null=True),
    _of("buying_power", Money, null=True), _of("differences", JSONB),
    _of("unmanaged", ARRAY(Text)), _of("told_at", Moment, null=True),
    # The order in which they came: several may be said at once.
    Column("number", BigInteger, nullable=False,
           server_default=text("nextval('broker_events_number_seq')")),
    Index("ix_broker_events_account_kind_stamp_id", "account", "kind", "stamp", "id"),
    Index("ix_broker_events_order_id_stamp_id", "order_id", "stamp", "id",
          postgresql_where=text("order_id <> ''")),
    Index("ix_broker_events_stamp_id", "stamp", "id"),
)  # fmt: skip
trading_halts = _fact(
    "trading_halts", _text("ticker"), _of("halted", Boolean), _text("code"), _text("reason"),
    _text("source"), Index("ix_trading_halts_ticker_stamp_id", "ticker", "stamp", "id"),
)  # fmt: skip
trades = _fact(
    "trades", _text("account"), _text("trade_id"), _text("order_id", index=True),
    _text("execution_id"), _text("signal_id", index=True), _of("strategy_id", Text, null=True),
    _text("ticker"), one_of("side", Side), _of("qty", BigInteger),
    _of("price", Money, null=True), _of("commission", Money), one_of("status", OrderStatus),
    _of("pnl", Money, null=True), _of("timestamp", Moment),
    _of("decision_price", Money, null=True), _of("high", Money, null=True),
    _of("low", Money, null=True),
    Index("ix_trades_stamp_id", "stamp", "id"),
    Index("ix_trades_ticker_stamp_id", "ticker", "stamp", "id"),
    Index("ix_trades_strategy_id_stamp_id", "strategy_id", "stamp", "id"),
    Index("ix_trades_account_stamp_id", "account", "stamp", "id"),
    changes=True,
)  # fmt: skip
execution_corrections = _fact(
    "execution_corrections", _text("account"), _text("ticker"), _text("trade_id"),
    _text("execution_id", index=True), _of("old_qty", BigInteger), _of("old_price", Money),
    _of("old_commission", Money), _of("qty", BigInteger), _of("price", Money, null=True),
    _of("commission", Money), _of("cash", Money), _of("profits", JSONB),
    Index("ix_execution_corrections_stamp_id", "stamp", "id"),
)  # fmt: skip
account_resets = _fact(
    "account_resets", _text("account"), _of("cash", Money), _of("old_equity", Money),
    _of("positions", JSONB), Index("ix_account_resets_stamp_id", "stamp", "id"),
)  # fmt: skip
trading_states = _fact(
    "trading_states", _text("account"), _text("old_state"), _text("new_state"), _text("cause"),
    _text("command_id", index=True), _text("who"), _text("why"),
    Index("ix_trading_states_account_stamp_id", "account", "stamp", "id"),
)  # fmt: skip
positions = Table(
    "positions", metadata,
    Column("account", Text, primary_key=True), Column("ticker", Text, primary_key=True),
    _text("id"), _of("stamp", BigInteger), _of("event_time", Moment), _of("qty", BigInteger),
    _of("avg_entry", Money), _of("cost", Money), _of("realized_pnl", Money),
    _of("unrealized_pnl", Money), _of("stop_loss", Money, null=True),
    _of("take_profit", Money, null=True), *written(), _of("trail", Money, null=True),
)  # fmt: skip
portfolio_snapshots = _fact(
    "portfolio_snapshots", _text("account"), _of("cash", Money), _of("positions_value", Money),
    _of("equity", Money), _of("realized_pnl", Money), _of("unrealized_pnl", Money),
    _of("open_positions", Integer), _text("trading_state"),
    Index("ix_portfolio_snapshots_stamp", "stamp"),
    Index("ix_portfolio_snapshots_account_event_time", "account", "event_time", "stamp"),
    Index("ix_portfolio_snapshots_event_time", "event_time", postgresql_using="brin"),
    by_time=True,
)  # fmt: skip
trade_outcomes = _fact(
    "trade_outcomes", _text("account"), _text("ticker", index=True),
    one_of("direction", Direction), _of("qty", BigInteger), _text("entry_order_id"),
    _text("exit_order_id", index=True), _text("signal_id", index=True),
    _of("realized_pnl", Money), _of("roi", Float), _of("hold_seconds", BigInteger),
    _of("risk_adjusted_return", Float), _text("strategy_id", index=True), _of("credits", JSONB),
    _of("closes", Boolean), _of("trade_sharpe", Float, null=True), _of("favourable", Float),
    _of("adverse", Float), _of("slippage", Money), _of("revision", BigInteger), _text("replaces"),
    _of("replaced_qty", BigInteger), _of("replaced_pnl", Money, null=True),
    _of("replaced_return", Float), _of("replaced_roi", Float), _of("replaced_closes", Boolean),
    Index("ix_trade_outcomes_stamp_id", "stamp", "id"),
    Index("ix_trade_outcomes_strategy_id_stamp_id", "strategy_id", "stamp", "id"),
    Index("ix_trade_outcomes_account_event_time", "account", "event_time"),
)  # fmt: skip
strategies = Table(
    "strategies", metadata,
    Column("id", Text, primary_key=True), Column("name", Text, nullable=False, unique=True),
    _text("description"), _of("current_weight", Float), _of("active", Boolean), *written(),
    _of("coming_weight", Float, null=True), _of("coming_from", Moment, null=True),
)  # fmt: skip
strategy_weights_history = _fact(
    "strategy_weights_history", _text("strategy_id"), _of("old_weight", Float),
    _of("new_weight", Float), _of("effective_from", Moment), _text("reason"), _text("guardrail"),
    _of("outcomes", ARRAY(Text)),
    Index("ix_weights_strategy_effective", "strategy_id", "effective_from", "stamp"),
)  # fmt: skip
dead_letters = _fact(
    "dead_letters", _text("reason", index=True), _text("detail"), _text("topic"),
    _of("partition", Integer), _of("record_offset", BigInteger), _of("payload", LargeBinary),
    _of("size", BigInteger),
    Index("ix_dead_letters_stamp_id", "stamp", "id"),
)  # fmt: skip
learning_adjustments = _fact(
    "learning_adjustments", _text("strategy_id", index=True), _of("cycle_end", Moment),
    _of("old_weight", Float), _of("proposed_weight", Float), _of("new_weight", Float),
    _of("reward", Float), _of("outcomes", ARRAY(Text)), _text("guardrail"), _text("reason"),
    _text("rule"), _of("effective_from", Moment), _of("trades", BigInteger),
    Index("ix_adjustments_strategy_stamp", "strategy_id", "stamp", "id"),
    Index("ix_adjustments_stamp_id", "stamp", "id"),
)  # fmt: skip
strategy_metrics = _fact(
    "strategy_metrics", _text("strategy_id"), _of("window_seconds", BigInteger),
    _of("trades", BigInteger), _of("wins", BigInteger), _of("realized_pnl", Money),
    _of("mean_roi", Float, null=True), _of("sharpe", Float, null=True),
    _of("mean_hold_seconds", Float, null=True), _of("weight", Float), _of("max_drawdown", Float),
    _of("votes", BigInteger), _of("hits", BigInteger),
    Index("ix_strategy_metrics_strategy_stamp", "strategy_id", "stamp"),
    Index("ix_strategy_metrics_event_time", "event_time", postgresql_using="brin"),
    by_time=True,
)  # fmt: skip
backtest_runs = Table(
    "backtest_runs", metadata,
    Column("id", Text, primary_key=True), _text("status"), _text("code_version"),
    _text("settings_hash"), _of("settings", JSONB), _text("input_digest"),
    _of("first_moment", Moment, null=True), _of("last_moment", Moment, null=True),
    _of("requested_at", Moment), _of("finished_at", Moment, null=True),
    _of("metrics", JSONB, null=True), _of("report", LargeBinary, null=True), _text("error"),
    *written(), Index("ix_backtest_runs_requested_at", "requested_at"),
)  # fmt: skip
