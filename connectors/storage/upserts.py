"""The SQL of the sink: COPY into a staging table, then one upsert per table."""

from typing import Final

from connectors.storage.rows import Target

# What a later record says about an earlier row; either may come first. Each statement starts
# from the ids of this batch, in the staging tables, and goes on by indexes alone.
LINKS: Final = (
    (
        ("orders", "trades"),
        """UPDATE orders o SET status = n.status, updated_at = now() FROM (
             SELECT t.id, x.status
             FROM (SELECT order_id AS id FROM stage_trades UNION SELECT id FROM stage_orders) t
             CROSS JOIN LATERAL (SELECT status FROM trades WHERE order_id = t.id
                                 ORDER BY stamp DESC, status = 'PARTIALLY_FILLED', id DESC
                                 LIMIT 1) x
           ) n WHERE o.id = n.id AND o.status <> n.status""",
    ),
    (  # What a broker says of an order counts until something of it is booked.
        ("orders", "broker_events"),
        """UPDATE orders o SET status = n.status, updated_at = now() FROM (
             SELECT t.id, b.status
             FROM (SELECT order_id AS id FROM stage_broker_events WHERE order_id <> ''
                   UNION SELECT id FROM stage_orders) t
             CROSS JOIN LATERAL (SELECT status FROM broker_events
                                 WHERE order_id = t.id AND order_id <> '' AND status IS NOT NULL
                                 ORDER BY stamp DESC, number DESC LIMIT 1) b
             WHERE NOT EXISTS (SELECT 1 FROM trades x WHERE x.order_id = t.id)
           ) n WHERE o.id = n.id AND o.status <> n.status""",
    ),
    (
        ("signals", "decisions"),
        """UPDATE signals s SET acted_on = n.accepted, updated_at = now() FROM (
             SELECT t.id, d.accepted
             FROM (SELECT signal_id AS id FROM stage_decisions UNION SELECT id FROM stage_signals) t
             CROSS JOIN LATERAL (SELECT accepted FROM decisions
                                 WHERE signal_id = t.id AND cause = 'signal' LIMIT 1) d
           ) n WHERE s.id = n.id AND s.acted_on IS DISTINCT FROM n.accepted""",
    ),
    (  # Who gets the credit for what a trade closed is who entered it.
        ("trades", "signals", "trade_outcomes"),
        """UPDATE trades x SET strategy_id = n.strategy_id, updated_at = now() FROM (
             SELECT y.id, coalesce(o.strategy_id, s.strategy_id) AS strategy_id
             FROM (SELECT id FROM stage_trades
                   UNION SELECT b.id FROM stage_signals a JOIN trades b ON b.signal_id = a.id
                   UNION SELECT b.id FROM stage_trade_outcomes a
                         JOIN trades b ON b.order_id = a.exit_order_id) t
             JOIN trades y ON y.id = t.id
             LEFT JOIN signals s ON s.id = y.signal_id
             LEFT JOIN LATERAL (SELECT c.strategy_id FROM trade_outcomes c
                                WHERE c.exit_order_id = y.order_id AND y.pnl IS NOT NULL
                                ORDER BY c.stamp DESC, c.revision DESC LIMIT 1) o ON true
           ) n WHERE x.id = n.id AND x.strategy_id IS DISTINCT FROM n.strategy_id""",
    ),
    (
        ("commands",),
        """UPDATE strategies s SET active = n.on_, updated_at = now() FROM (
             SELECT t.id, c.kind = 'enable_strategy' AS on_
             FROM (SELECT DISTINCT strategy AS id FROM stage_commands WHERE strategy <> '') t
             CROSS JOIN LATERAL (SELECT kind FROM commands WHERE strategy = t.id
                                 AND kind IN ('enable_strategy', 'disable_strategy')
                                 ORDER BY stamp DESC, id DESC LIMIT 1) c
           ) n WHERE s.id = n.id AND s.active <> n.on_""",
    ),
)
# The weights in force at the log's clock, and the coming ones apart: their topic is ahead of time.
CLOCKS: Final = ("market_data", "portfolio_snapshots", "strategy_metrics", "learning_adjustments",
                 "strategy_weights_history")  # fmt: skip
WEIGHTS_IN_FORCE: Final = f"""UPDATE strategies s SET updated_at = now(),
    current_weight = coalesce(n.weight, s.current_weight), coming_weight = n.later,
    coming_from = n.later_from
  FROM (
    SELECT x.id, h.new_weight AS weight, c.new_weight AS later, c.effective_from AS later_from
    FROM strategies x
    CROSS JOIN (SELECT max(newest) AS at FROM row_counts WHERE name IN {CLOCKS}) k
    LEFT JOIN LATERAL (SELECT new_weight FROM strategy_weights_history
                       WHERE strategy_id = x.id AND effective_from <= k.at
                       ORDER BY effective_from DESC, stamp DESC LIMIT 1) h ON true
    LEFT JOIN LATERAL (SELECT new_weight, effective_from FROM strategy_weights_history
                       WHERE strategy_id = x.id AND effective_from > k.at
                       ORDER BY effective_from, stamp LIMIT 1) c ON true
  ) n
  WHERE s.id = n.id AND (s.current_weight, s.coming_weight, s.coming_from)
    IS DISTINCT FROM (coalesce(n.weight, s.current_weight), n.later, n.later_from)"""
MOVES_WEIGHTS: Final = frozenset({"portfolio_snapshots", "strategy_metrics",
                                  "strategy_weights_history"})  # fmt: skip
# A batch is small and the tables are not; the planner knows nothing of staging tables.
BY_INDEX: Final = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
LINKED: Final = frozenset(table for parts, _ in LINKS for table in parts)


def stage(target: Target) -> str:
    """Return the statement that makes a target's staging table for one transaction."""
    name = target.table.name
    return (
        f"CREATE TEMP TABLE IF NOT EXISTS stage_{name} (LIKE {name} INCLUDING DEFAULTS, "
        f"batch_order bigint) ON COMMIT DELETE ROWS"
    )


def copy(target: Target) -> str:
    """Return the COPY statement into the table itself, for rows that are not there yet."""
    columns = ", ".join(f'"{c}"' for c in target.columns)
    return f"COPY {target.table.name} ({columns}) FROM STDIN"


def copy_staged(target: Target) -> str:
    """Return the COPY statement into the staging table; the last column is the batch order."""
    columns = ", ".join(f'"{c}"' for c in [*target.columns, "batch_order"])
    return f"COPY stage_{target.table.name} ({columns}) FROM STDIN"


def upsert(target: Target) -> str:
    """Return the statement that moves staged rows in.

    A fact stays as its first record wrote it. A state takes the newest stamp; within a batch
    the last in order.
    """
    name, key = target.table.name, ", ".join(f'"{c}"' for c in target.key)
    columns = ", ".join(f'"{c}"' for c in target.columns)
    if not target.latest:  # a second row of a key within the batch conflicts with the first
        return (
            f"INSERT INTO {name} ({columns}) SELECT {columns} FROM stage_{name} "
            f"ORDER BY batch_order ON CONFLICT ({key}) DO NOTHING"
        )
    sets = ", ".join(f'"{c}" = excluded."{c}"' for c in target.columns if c not in target.key)
    return (
        f"INSERT INTO {name} ({columns}) SELECT {columns} FROM ("
        f"SELECT DISTINCT ON ({key}) * FROM stage_{name} ORDER BY {key}, batch_order DESC) s "
        f"ON CONFLICT ({key}) DO UPDATE SET {sets}, updated_at = now() "
        f"WHERE excluded.stamp >= {name}.stamp"
    )


# How many rows the sink has written to a table, and the newest time among them.
COUNT: Final = """INSERT INTO row_counts AS c VALUES (%s, %s, %s) ON CONFLICT (name) DO UPDATE SET
  written = c.written + excluded.written, newest = GREATEST(c.newest, excluded.newest)"""
# Bars out of the staging table: the hours of the new ones become due; returns how many there are.
NEW_BARS: Final = """WITH new AS ({upsert} RETURNING ticker, start, interval, revision),
  due AS (INSERT INTO rollup_due SELECT DISTINCT ticker, date_trunc('hour', start, 'UTC') FROM new
          WHERE interval = '1m' AND revision = 0 ON CONFLICT DO NOTHING)
  SELECT count(*) FROM new"""
