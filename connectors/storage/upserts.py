"""The SQL of the sink: COPY into a staging table, then one upsert per table."""

from typing import Final

from connectors.storage.rows import Target

# What a later record says about an earlier row; either may come first. Each statement is
# limited to the rows of this batch through the staging tables.
LINKS: Final = (
    (
        ("orders", "trades"),
        """UPDATE orders o SET status = x.status, updated_at = now() FROM trades x
           WHERE x.order_id = o.id AND o.status <> x.status AND (
             x.id IN (SELECT id FROM stage_trades) OR o.id IN (SELECT id FROM stage_orders))""",
    ),
    (
        ("signals", "decisions"),
        """UPDATE signals s SET acted_on = d.accepted, updated_at = now() FROM decisions d
           WHERE d.signal_id = s.id AND d.cause = 'signal'
             AND s.acted_on IS DISTINCT FROM d.accepted AND (
             d.id IN (SELECT id FROM stage_decisions) OR s.id IN (SELECT id FROM stage_signals))""",
    ),
    (
        ("strategy_weights_history",),
        """UPDATE strategies s SET current_weight = h.new_weight, updated_at = now()
           FROM (SELECT DISTINCT ON (strategy_id) strategy_id, new_weight
                 FROM strategy_weights_history ORDER BY strategy_id, effective_from DESC, stamp DESC
           ) h WHERE h.strategy_id = s.id AND s.current_weight <> h.new_weight""",
    ),
)


def stage(target: Target) -> str:
    """Return the statement that makes a target's staging table for one transaction."""
    name = target.table.name
    return (
        f"CREATE TEMP TABLE IF NOT EXISTS stage_{name} (LIKE {name} INCLUDING DEFAULTS, "
        f"batch_order bigint) ON COMMIT DELETE ROWS"
    )


def copy(target: Target) -> str:
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
    rank = "batch_order DESC" if target.latest else "batch_order"
    action = "DO NOTHING"
    if target.latest:
        sets = ", ".join(f'"{c}" = excluded."{c}"' for c in target.columns if c not in target.key)
        action = f"DO UPDATE SET {sets}, updated_at = now() WHERE excluded.stamp >= {name}.stamp"
    return (
        f"INSERT INTO {name} ({columns}) SELECT {columns} FROM ("  # noqa: S608 - names are our own tables'
        f"SELECT DISTINCT ON ({key}) * FROM stage_{name} ORDER BY {key}, {rank}) s "
        f"ON CONFLICT ({key}) {action}"
    )
