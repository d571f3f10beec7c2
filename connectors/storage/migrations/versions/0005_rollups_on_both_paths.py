"""rollups are tables on either path, due by ticker and hour; rows are counted; no background jobs.

What TimescaleDB's continuous aggregates and policies did, the sink and the daily care do, on
either path in the same way. A schema on hypertables whose server cannot compress them (the Apache
edition) becomes native partitions.
"""

from alembic import op

from connectors.storage import partitions, rollups, timescale

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FACTS = (
    "runs", "commands", "articles", "article_sentiments", "sentiment_windows", "market_data",
    "signals", "decisions", "orders", "trades", "portfolio_snapshots", "trade_outcomes",
    "strategy_weights_history", "dead_letters",
)  # fmt: skip
KEYS = {
    "market_data": "ticker, interval, start, revision",
    "portfolio_snapshots": "id, event_time",
    "strategy_metrics": "id, event_time",
}
BY_TIME = {
    "market_data": ("CREATE INDEX ix_market_data_start ON market_data USING brin (start)",),
    "portfolio_snapshots": (
        "CREATE INDEX ix_portfolio_snapshots_stamp ON portfolio_snapshots (stamp)",
        (
            "CREATE INDEX ix_portfolio_snapshots_event_time ON portfolio_snapshots "
            "USING brin (event_time)"
        ),
    ),
    "strategy_metrics": (
        "CREATE INDEX ix_strategy_metrics_strategy_stamp ON strategy_metrics (strategy_id, stamp)",
        "CREATE INDEX ix_strategy_metrics_event_time ON strategy_metrics USING brin (event_time)",
    ),
}
INDEXES = (
    ("portfolio_snapshots", "account_event_time", "account, event_time, stamp"),
    ("orders", "stamp_id", "stamp, id"),
    ("orders", "account_stamp_id", "account, stamp, id"),
    ("decisions", "stamp_id", "stamp, id"),
    ("decisions", "ticker_stamp_id", "ticker, stamp, id"),
    ("trades", "account_stamp_id", "account, stamp, id"),
    ("trade_outcomes", "stamp_id", "stamp, id"),
    ("trade_outcomes", "strategy_id_stamp_id", "strategy_id, stamp, id"),
    ("trade_outcomes", "account_event_time", "account, event_time"),
    ("dead_letters", "stamp_id", "stamp, id"),
    ("commands", "stamp_id", "stamp, id"),
    ("sentiment_windows", "stamp_id", "stamp, id"),
    ("sentiment_windows", "ticker_stamp_id", "ticker, stamp, id"),
)


def upgrade() -> None:
    """Go to this version."""
    connection = op.get_bind()
    if timescale.is_hypertable(connection, "market_data"):
        timescale.drop_aggregates(connection)
        for table in partitions.PARTITIONED:
            timescale.drop_jobs(connection, table)
        hyper = timescale.install(connection)
        for table, time in partitions.PARTITIONED.items():
            _rebuild(table, "" if hyper else f"PARTITION BY RANGE ({time})")
            if hyper:
                timescale.make_hypertable(connection, table, time)
    else:
        op.execute("ALTER TABLE market_data DROP CONSTRAINT market_data_pkey")
        op.execute(f"ALTER TABLE market_data ADD PRIMARY KEY ({KEYS['market_data']})")
    op.execute("DROP TABLE IF EXISTS rollup_due")
    rollups.create(connection)
    rollups.all_due(connection)
    op.execute(
        "CREATE TABLE care (one boolean PRIMARY KEY DEFAULT true CHECK (one), "
        "done_at timestamptz, retention_days integer NOT NULL DEFAULT 0)"
    )
    op.execute("INSERT INTO care DEFAULT VALUES")
    op.execute(
        "CREATE TABLE row_counts (name text PRIMARY KEY, written bigint NOT NULL, "
        "newest timestamptz)"
    )
    for table in FACTS:
        time = "start" if table == "market_data" else "event_time"
        op.execute(f"INSERT INTO row_counts SELECT '{table}', count(*), max({time}) FROM {table}")
    op.execute("ALTER TABLE trade_outcomes RENAME COLUMN strategy TO strategy_id")
    op.execute("ALTER INDEX ix_trade_outcomes_strategy RENAME TO ix_trade_outcomes_strategy_id")
    for table, name, columns in INDEXES:
        op.execute(f"CREATE INDEX ix_{table}_{name} ON {table} ({columns})")
    op.execute(
        "CREATE INDEX ix_orders_open ON orders (account, stamp, id) WHERE status IN "
        "('PENDING', 'SUBMITTED', 'ACCEPTED', 'PARTIALLY_FILLED', 'UNKNOWN')"
    )
    op.execute("CREATE INDEX ix_decisions_denied ON decisions (stamp, id) WHERE NOT accepted")
    op.execute("CREATE VIEW fills AS SELECT * FROM trades WHERE price IS NOT NULL")
    op.execute("CREATE VIEW order_ends AS SELECT * FROM trades WHERE price IS NULL")


def downgrade() -> None:
    """Go back to the version before."""
    connection = op.get_bind()
    op.execute("DROP VIEW order_ends")
    op.execute("DROP VIEW fills")
    op.execute("DROP INDEX ix_decisions_denied")
    op.execute("DROP INDEX ix_orders_open")
    for table, name, _ in INDEXES:
        op.execute(f"DROP INDEX ix_{table}_{name}")
    op.execute("ALTER INDEX ix_trade_outcomes_strategy_id RENAME TO ix_trade_outcomes_strategy")
    op.execute("ALTER TABLE trade_outcomes RENAME COLUMN strategy_id TO strategy")
    op.execute("DROP TABLE row_counts")
    op.execute("DROP TABLE care")
    op.execute("DROP TABLE rollup_due")
    if timescale.is_hypertable(connection, "market_data"):
        for table in rollups.LEVELS:
            op.execute(f"DROP TABLE {table}")
        for table, time in partitions.PARTITIONED.items():
            _rebuild(table, "")
            timescale.make_hypertable(connection, table, time)
    else:
        op.execute("ALTER TABLE market_data DROP CONSTRAINT market_data_pkey")
        op.execute("ALTER TABLE market_data ADD PRIMARY KEY (ticker, start, interval, revision)")
        op.execute("CREATE TABLE rollup_due (since timestamptz)")
        op.execute("INSERT INTO rollup_due SELECT min(start) FROM market_data")


def _rebuild(table: str, partitioning: str) -> None:
    """Move a table's rows into a new one of the same columns and name."""
    op.execute(f"CREATE TABLE {table}_new (LIKE {table} INCLUDING DEFAULTS) {partitioning}")
    if partitioning:
        partitions.cover(op.get_bind(), table, f"{table}_new")
    op.execute(f"INSERT INTO {table}_new SELECT * FROM {table}")
    op.execute(f"DROP TABLE {table} CASCADE")
    op.execute(f"ALTER TABLE {table}_new RENAME TO {table}")
    op.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({KEYS[table]})")
    for statement in BY_TIME[table]:
        op.execute(statement)
