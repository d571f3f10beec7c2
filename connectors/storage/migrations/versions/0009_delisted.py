"""decisions have a further cause."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEFORE = "'command', 'reconcile', 'signal', 'stop', 'take_profit'"
AFTER = "'command', 'delisted', 'reconcile', 'signal', 'stop', 'take_profit'"


def upgrade() -> None:
    """Go to this version."""
    _allow(AFTER)


def downgrade() -> None:
    """Go back to the version before."""
    _allow(BEFORE)


def _allow(causes: str) -> None:
    op.execute("ALTER TABLE decisions DROP CONSTRAINT decisions_cause_check")
    op.execute(
        f"ALTER TABLE decisions ADD CONSTRAINT decisions_cause_check CHECK (cause IN ({causes}))"
    )
