"""broker events and halts: what a broker said of orders and of the account, an exchange of a ticker."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KINDS = "IN ('adopted', 'drift', 'fill', 'order', 'reconciled', 'stream_down', 'stream_up')"
LEG = "leg IN ('', 'stop', 'target')"
CONDITIONS = {
    "kind": f"kind {KINDS}",
    "leg": LEG,
    "qty": "qty >= 0 AND qty <= 9007199254740992",
    "price": "price >= 0 AND price <= 10000000",
}
# What an order says of the legs beside it, and of being one itself.
ORDERS = {
    "stop_price": "numeric(20, 4)", "target_price": "numeric(20, 4)",
    "leg_of": "text NOT NULL DEFAULT ''", "leg": "text NOT NULL DEFAULT ''",
}  # fmt: skip
LEGS = {
    "stop_price": "stop_price >= 0 AND stop_price <= 10000000",
    "target_price": "target_price >= 0 AND target_price <= 10000000",
    "leg": LEG,
}
SIDES = "('BUY', 'SELL')"
STATUSES = (
    "('PENDING', 'SUBMITTED', 'ACCEPTED', 'PARTIALLY_FILLED', 'FILLED', 'CANCELLED', 'REJECTED', "
    "'EXPIRED', 'REPLACED', 'UNKNOWN')"
)


def upgrade() -> None:
    """Go to this version."""
    checks = ", ".join(
        f"CONSTRAINT broker_events_{column}_check CHECK ({said})"
        for column, said in CONDITIONS.items()
    )
    op.execute(
        f"""CREATE TABLE broker_events (
          id text NOT NULL PRIMARY KEY, stamp bigint NOT NULL, event_time timestamptz NOT NULL,
          causes text[] NOT NULL, account text NOT NULL, broker text NOT NULL, kind text NOT NULL,
          order_id text NOT NULL, leg_of text NOT NULL, leg text NOT NULL, broker_order_id text NOT NULL, execution_id text NOT NULL,
          ticker text, side varchar(4), qty bigint NOT NULL, price numeric(20, 4),
          commission numeric(20, 4) NOT NULL, status varchar(16), reason text NOT NULL,
          cash numeric(20, 4), equity numeric(20, 4), buying_power numeric(20, 4),
          differences jsonb NOT NULL, unmanaged text[] NOT NULL, told_at timestamptz,
          number bigserial NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
          CONSTRAINT side_word CHECK (side IN {SIDES}),
          CONSTRAINT status_word CHECK (status IN {STATUSES}), {checks}
        )"""
    )
    op.execute(
        "CREATE INDEX ix_broker_events_account_kind_stamp_id"
        " ON broker_events (account, kind, stamp, id)"
    )
    op.execute(
        "CREATE INDEX ix_broker_events_order_id_stamp_id ON broker_events (order_id, stamp, id)"
        " WHERE order_id <> ''"
    )
    op.execute("CREATE INDEX ix_broker_events_stamp_id ON broker_events (stamp, id)")
    for column, kind in ORDERS.items():
        op.execute(f"ALTER TABLE orders ADD COLUMN {column} {kind}")
    for column in ("leg_of", "leg"):
        op.execute(f"ALTER TABLE orders ALTER COLUMN {column} DROP DEFAULT")
    for column, said in LEGS.items():
        op.execute(f"ALTER TABLE orders ADD CONSTRAINT orders_{column}_check CHECK ({said})")
    op.execute(
        """CREATE TABLE trading_halts (
          id text NOT NULL PRIMARY KEY, stamp bigint NOT NULL, event_time timestamptz NOT NULL,
          causes text[] NOT NULL, ticker text NOT NULL, halted boolean NOT NULL,
          code text NOT NULL, reason text NOT NULL, source text NOT NULL,
          created_at timestamptz NOT NULL DEFAULT now()
        )"""
    )
    op.execute("CREATE INDEX ix_trading_halts_ticker_stamp_id ON trading_halts (ticker, stamp, id)")


def downgrade() -> None:
    """Go back to the version before."""
    op.execute("DROP TABLE trading_halts")
    for column in ORDERS:
        op.execute(f"ALTER TABLE orders DROP COLUMN {column}")
    op.execute("DROP TABLE broker_events")
