"""people, their keys and tokens, and what they did."""

from alembic import op

from connectors.storage.people_migrations.tables_v1 import NAMES, STATEMENTS

revision = "p001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Go back to nothing."""
    for name in reversed(NAMES):
        op.execute(f"DROP TABLE {name}")
