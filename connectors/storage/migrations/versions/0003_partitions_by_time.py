"""market data, portfolio snapshots and strategy metrics are kept by time.

Hypertables where TimescaleDB can be installed, native range partitions by month elsewhere; the
columns are the same. Both ways move the rows that are there.
"""

from alembic import op

from connectors.storage import partitions, timescale

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEYS = {
    "market_data": "ticker, start, interval, revision",
    "portfolio_snapshots": "id, event_time",
    "strategy_metrics": "id, event_time",
}
INDEXES = {
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

ROLLUPS = ("market_data_5m", "market_data_1h", "market_data_1d")


def upgrade() -> None:
    """Go to this version."""
    connection = op.get_bind()
    hyper = timescale.install(connection)
    for table, time in partitions.PARTITIONED.items():
        _rebuild(table, "" if hyper else f"PARTITION BY RANGE ({time})")
        if hyper:
            timescale.make_hypertable(connection, table, time)
    if not hyper:
        _create_rollups()


def downgrade() -> None:
    """Go back to the version before."""
    connection = op.get_bind()
    if timescale.is_hypertable(connection, "market_data"):
        timescale.drop_aggregates(connection)
    for table in (*ROLLUPS, "rollup_due"):
        op.execute(f"DROP TABLE IF EXISTS {table}")
    for table in KEYS:
        _rebuild(table, "")


def _rebuild(table: str, partitioning: str) -> None:
    """Move a table's rows into a new one of the same columns and name."""
    connection = op.get_bind()
    op.execute(f"CREATE TABLE {table}_new (LIKE {table} INCLUDING DEFAULTS) {partitioning}")
    if partitioning:
        partitions.cover(connection, table, f"{table}_new")
    op.execute(f"INSERT INTO {table}_new SELECT * FROM {table}")
    op.execute(f"DROP TABLE {table} CASCADE")
    op.execute(f"ALTER TABLE {table}_new RENAME TO {table}")
    op.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({KEYS[table]})")
    for statement in INDEXES[table]:
        op.execute(statement)


def _create_rollups() -> None:
    for table in ROLLUPS:
        op.execute(
            f"CREATE TABLE {table} (ticker text, bucket timestamptz, open numeric(20,4) "
            "NOT NULL, high numeric(20,4) NOT NULL, low numeric(20,4) NOT NULL, "
            "close numeric(20,4) NOT NULL, volume bigint NOT NULL, bars bigint NOT NULL, "
            "PRIMARY KEY (ticker, bucket))"
        )
        op.execute(f"CREATE INDEX ix_{table}_bucket ON {table} USING brin (bucket)")
    op.execute("CREATE TABLE rollup_due (since timestamptz)")
    op.execute("INSERT INTO rollup_due SELECT min(start) FROM market_data")
