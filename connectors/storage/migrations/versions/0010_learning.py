"""learning: what outcomes and fills say more, adjustments, metrics, coming weights, switches."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KINDS = "'close_position', 'flatten', 'halt', 'pause', 'reduce', 'resume'"
MORE_KINDS = (
    "'close_position', 'correct_execution', 'disable_strategy', 'enable_strategy', 'flatten', "
    "'halt', 'pause', 'reduce', 'reset_account', 'resume'"
)
PRICE = "{0} >= 0 AND {0} <= 10000000"
COUNT = "{0} >= 0 AND {0} <= 9007199254740992"
UNIT = "{0} >= 0 AND {0} <= 1"
GUARDRAIL = "{0} IN ('', 'disabled', 'floor', 'max_shift', 'min_trades', 'sum')"
# Table -> column -> (type, condition); a constant default, as compressed chunks ask for one.
COLUMNS: dict[str, dict[str, tuple[str, str]]] = {
    "trades": {
        "decision_price": ("NUMERIC(20, 4)", PRICE),
        "high": ("NUMERIC(20, 4)", PRICE),
        "low": ("NUMERIC(20, 4)", PRICE),
    },
    "trade_outcomes": {
        "closes": ("boolean NOT NULL DEFAULT true", ""),
        "trade_sharpe": ("double precision", ""),
        "favourable": ("double precision NOT NULL DEFAULT 0", ""),
        "adverse": ("double precision NOT NULL DEFAULT 0", ""),
        "slippage": ("NUMERIC(20, 4) NOT NULL DEFAULT 0", ""),
        "revision": ("bigint NOT NULL DEFAULT 0", COUNT),
        "replaces": ("text NOT NULL DEFAULT ''", ""),
        "replaced_qty": ("bigint NOT NULL DEFAULT 0", COUNT),
        "replaced_pnl": ("NUMERIC(20, 4)", ""),
        "replaced_return": ("double precision NOT NULL DEFAULT 0", ""),
        "replaced_roi": ("double precision NOT NULL DEFAULT 0", ""),
        "replaced_closes": ("boolean NOT NULL DEFAULT false", ""),
    },
    "commands": {
        "strategy": ("text NOT NULL DEFAULT ''", ""),
        "execution": ("text NOT NULL DEFAULT ''", ""),
        "qty": ("bigint", COUNT),
        "price": ("NUMERIC(20, 4)", PRICE),
        "cash": ("NUMERIC(20, 4)", "cash >= 0 AND cash <= 1000000000"),
    },
    "learning_adjustments": {
        "rule": ("text NOT NULL DEFAULT ''", ""),
        "effective_from": ("timestamptz NOT NULL DEFAULT '1970-01-01'", ""),
        "trades": ("bigint NOT NULL DEFAULT 0", COUNT),
    },
    "strategy_metrics": {
        "max_drawdown": ("double precision NOT NULL DEFAULT 0", ""),
        "votes": ("bigint NOT NULL DEFAULT 0", COUNT),
        "hits": ("bigint NOT NULL DEFAULT 0", COUNT),
    },
    "strategies": {
        "coming_weight": ("double precision", UNIT),
        "coming_from": ("timestamptz", ""),
    },
}
INDEXES = {
    "ix_adjustments_strategy_stamp": "learning_adjustments (strategy_id, stamp, id)",
    "ix_adjustments_stamp_id": "learning_adjustments (stamp, id)",
    "ix_commands_strategy_stamp_id": "commands (strategy, stamp, id)"
    " WHERE kind IN ('enable_strategy', 'disable_strategy')",
    "ix_execution_corrections_execution_id": "execution_corrections (execution_id)",
    "ix_execution_corrections_stamp_id": "execution_corrections (stamp, id)",
    "ix_account_resets_stamp_id": "account_resets (stamp, id)",
}
# Columns that were there, with a condition of their message's.
CONDITIONS: dict[str, dict[str, str]] = {
    "learning_adjustments": {"guardrail": GUARDRAIL},
    "strategy_metrics": {"window_seconds": COUNT, "trades": COUNT, "wins": COUNT},
}


FACT = """id text NOT NULL PRIMARY KEY, stamp bigint NOT NULL, event_time timestamptz NOT NULL,
  causes text[] NOT NULL"""
WRITTEN = "created_at timestamptz NOT NULL DEFAULT now()"
TABLES: dict[str, str] = {
    "execution_corrections": """account text NOT NULL, ticker text NOT NULL,
      trade_id text NOT NULL, execution_id text NOT NULL, old_qty bigint NOT NULL,
      old_price NUMERIC(20, 4) NOT NULL, old_commission NUMERIC(20, 4) NOT NULL,
      qty bigint NOT NULL, price NUMERIC(20, 4), commission NUMERIC(20, 4) NOT NULL,
      cash NUMERIC(20, 4) NOT NULL, profits jsonb NOT NULL""",
    "account_resets": """account text NOT NULL, cash NUMERIC(20, 4) NOT NULL,
      old_equity NUMERIC(20, 4) NOT NULL, positions jsonb NOT NULL""",
}
NEW_CONDITIONS: dict[str, dict[str, str]] = {
    "execution_corrections": {
        "old_qty": COUNT,
        "old_price": PRICE,
        "qty": COUNT,
        "price": PRICE,
    },
}


def upgrade() -> None:
    """Go to this version."""
    for table, columns in TABLES.items():
        op.execute(f"CREATE TABLE {table} ({FACT}, {columns}, {WRITTEN})")
    for table, added in COLUMNS.items():
        for column, (kind, _) in added.items():
            op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    op.execute("ALTER TABLE learning_adjustments DROP COLUMN outcome_count")
    for column in ("trades", "wins"):
        op.execute(f"ALTER TABLE strategy_metrics ALTER COLUMN {column} TYPE bigint")
    for table, column, condition in _conditions():
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_check CHECK ({condition})")
    _allow(MORE_KINDS)
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {columns}")


def downgrade() -> None:
    """Go back to the version before."""
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
    op.execute(
        "DELETE FROM commands WHERE kind IN ('disable_strategy', 'enable_strategy',"
        " 'correct_execution', 'reset_account')"
    )  # fmt: skip
    _allow(KINDS)
    for table, column, _ in [c for c in _conditions() if c[0] not in TABLES]:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_check")
    for column in ("trades", "wins"):
        op.execute(f"ALTER TABLE strategy_metrics ALTER COLUMN {column} TYPE integer")
    op.execute(
        "ALTER TABLE learning_adjustments ADD COLUMN outcome_count integer NOT NULL DEFAULT 0"
    )
    for table, columns in COLUMNS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _conditions() -> list[tuple[str, str, str]]:
    new = [
        (table, column, condition.format(column))
        for table, columns in COLUMNS.items()
        for column, (_, condition) in columns.items()
        if condition
    ]
    old = [
        (table, column, condition.format(column))
        for table, columns in {**CONDITIONS, **NEW_CONDITIONS}.items()
        for column, condition in columns.items()
    ]
    return new + old


def _allow(kinds: str) -> None:
    op.execute("ALTER TABLE commands DROP CONSTRAINT commands_kind_check")
    op.execute(f"ALTER TABLE commands ADD CONSTRAINT commands_kind_check CHECK (kind IN ({kinds}))")
