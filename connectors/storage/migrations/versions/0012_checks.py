"""checks: what every check measured, with each decision."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version; of decisions made before, nothing more is known."""
    op.execute("ALTER TABLE decisions ADD COLUMN checks jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE decisions ALTER COLUMN checks DROP DEFAULT")


def downgrade() -> None:
    """Go back to the version before."""
    op.execute("ALTER TABLE decisions DROP COLUMN checks")
