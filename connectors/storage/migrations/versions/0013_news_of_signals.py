"""news of signals: which articles were weighed; a closing trade is its entry's strategy's."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# As the sink does from here on (`upserts.LINKS`).
OF_THE_ENTRY = """UPDATE trades x SET strategy_id = o.strategy_id, updated_at = now()
  FROM trade_outcomes o WHERE o.exit_order_id = x.order_id AND x.pnl IS NOT NULL
    AND x.strategy_id IS DISTINCT FROM o.strategy_id AND NOT EXISTS (SELECT 1
      FROM trade_outcomes y WHERE y.exit_order_id = o.exit_order_id AND y.replaces = o.id)"""
OF_THE_SIGNAL = """UPDATE trades x SET strategy_id = s.strategy_id, updated_at = now()
  FROM signals s WHERE s.id = x.signal_id AND x.strategy_id IS DISTINCT FROM s.strategy_id"""


def upgrade() -> None:
    """Go to this version; which articles were weighed for signals before is not known."""
    op.execute("ALTER TABLE signals ADD COLUMN sentiment_articles text[]")
    op.execute("ALTER TABLE signals ADD COLUMN sentiment_count bigint")
    op.execute(OF_THE_ENTRY)


def downgrade() -> None:
    """Go back to the version before."""
    op.execute(OF_THE_SIGNAL)
    op.execute("ALTER TABLE signals DROP COLUMN sentiment_count")
    op.execute("ALTER TABLE signals DROP COLUMN sentiment_articles")
