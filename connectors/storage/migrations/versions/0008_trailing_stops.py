"""positions have a trailing stop."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    op.execute("ALTER TABLE positions ADD COLUMN trail NUMERIC(20, 4)")
    op.execute(
        "ALTER TABLE positions ADD CONSTRAINT positions_trail_check "
        "CHECK (trail >= 0 AND trail <= 10000000)"
    )


def downgrade() -> None:
    """Go back to the version before."""
    op.execute("ALTER TABLE positions DROP COLUMN trail")
