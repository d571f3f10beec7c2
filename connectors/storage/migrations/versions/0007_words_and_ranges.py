"""the database refuses words and numbers outside their messages' ranges; facts have no updated_at.

A fact is written once, so only created_at means something of it.
"""

from alembic import op
from sqlalchemy import text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FACTS = (
    "runs", "commands", "articles", "article_sentiments", "sentiment_windows", "market_data",
    "decisions", "portfolio_snapshots", "trade_outcomes", "strategy_weights_history",
    "dead_letters", "learning_adjustments", "strategy_metrics",
)  # fmt: skip
CHECKS = {
    "runs": {
        "partitions": "partitions >= 0",
    },
    "commands": {
        "kind": "kind IN ('close_position', 'flatten', 'halt', 'pause', 'reduce', 'resume')",
    },
    "dead_letters": {
        "size": "size >= 0 AND size <= 9007199254740992",
    },
    "articles": {
        "revision": "revision >= 0",
    },
    "article_sentiments": {
        "article_revision": "article_revision >= 0",
        "sentiment_score": "sentiment_score >= -1 AND sentiment_score <= 1",
        "confidence": "confidence >= 0 AND confidence <= 1",
        "revision": "revision >= 0",
    },
    "sentiment_windows": {
        "seconds": "seconds >= 0",
        "count": "count >= 0",
        "mean": "mean >= -1 AND mean <= 1",
        "decayed_mean": "decayed_mean >= -1 AND decayed_mean <= 1",
        "confidence": "confidence >= 0 AND confidence <= 1",
    },
    "market_data": {
        "interval": "interval IN ('1d', '1h', '1m', '5m')",
        "revision": "revision >= 0",
        "open": "open >= 0 AND open <= 10000000",
        "high": "high >= 0 AND high <= 10000000",
        "low": "low >= 0 AND low <= 10000000",
        "close": "close >= 0 AND close <= 10000000",
        "volume": "volume >= 0 AND volume <= 9007199254740992",
    },
    "signals": {
        "strength": "strength >= 0 AND strength <= 1",
    },
    "decisions": {
        "cause": "cause IN ('command', 'reconcile', 'signal', 'stop', 'take_profit')",
    },
    "orders": {
        "qty": "qty >= 0 AND qty <= 9007199254740992",
        "type": "type IN ('LIMIT', 'MARKET')",
        "time_in_force": "time_in_force IN ('DAY')",
        "limit_price": "limit_price >= 0 AND limit_price <= 10000000",
    },
    "trades": {
        "qty": "qty >= 0 AND qty <= 9007199254740992",
        "price": "price >= 0 AND price <= 10000000",
    },
    "positions": {
        "stop_loss": "stop_loss >= 0 AND stop_loss <= 10000000",
        "take_profit": "take_profit >= 0 AND take_profit <= 10000000",
    },
    "portfolio_snapshots": {
        "open_positions": "open_positions >= 0",
        "trading_state": "trading_state IN ('ACTIVE', 'HALTED', 'PAUSED', 'REDUCING')",
    },
    "trade_outcomes": {
        "qty": "qty >= 0 AND qty <= 9007199254740992",
        "hold_seconds": "hold_seconds >= 0 AND hold_seconds <= 9007199254740992",
    },
    "strategy_weights_history": {
        "old_weight": "old_weight >= 0 AND old_weight <= 1",
        "new_weight": "new_weight >= 0 AND new_weight <= 1",
    },
    "strategies": {
        "current_weight": "current_weight >= 0 AND current_weight <= 1",
    },
    "learning_adjustments": {
        "old_weight": "old_weight >= 0 AND old_weight <= 1",
        "proposed_weight": "proposed_weight >= 0 AND proposed_weight <= 1",
        "new_weight": "new_weight >= 0 AND new_weight <= 1",
        "reward": "reward >= 0 AND reward <= 1",
    },
    "strategy_metrics": {
        "weight": "weight >= 0 AND weight <= 1",
    },
}


def upgrade() -> None:
    """Go to this version."""
    for table in FACTS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN updated_at")
    for table, conditions in CHECKS.items():
        parts = ", ".join(
            f"ADD CONSTRAINT {table}_{column}_check CHECK ({condition})"
            for column, condition in conditions.items()
        )
        op.execute(f"ALTER TABLE {table} {parts}")


def downgrade() -> None:
    """Go back to the version before."""
    for table, conditions in CHECKS.items():
        parts = ", ".join(f"DROP CONSTRAINT {table}_{column}_check" for column in conditions)
        op.execute(f"ALTER TABLE {table} {parts}")
    # Compressed chunks take a new column only with a constant.
    moment = op.get_bind().execute(text("SELECT now()")).scalar_one()
    for table in FACTS:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN updated_at timestamptz NOT NULL DEFAULT '{moment}'"
        )
        op.execute(f"ALTER TABLE {table} ALTER COLUMN updated_at SET DEFAULT now()")
