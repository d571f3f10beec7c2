"""people's tables move from each run's schema to the one that all runs share."""

from alembic import op
from sqlalchemy import text

from connectors.storage.people_migrations.tables_v1 import NAMES, STATEMENTS

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SHARED = "tidewire_people"


def upgrade() -> None:
    """Go to this version; rows that a run's schema has are moved."""
    connection = op.get_bind()
    for name in NAMES:
        if connection.execute(text(f"SELECT EXISTS (SELECT FROM {name})")).scalar():
            always = " OVERRIDING SYSTEM VALUE" if name == "audit_log" else ""
            op.execute(
                f"INSERT INTO {SHARED}.{name}{always} SELECT * FROM {name} ON CONFLICT DO NOTHING"
            )
    for name in reversed(NAMES):
        op.execute(f"DROP TABLE {name}")


def downgrade() -> None:
    """Go back to the version before; the rows stay where they are."""
    for statement in STATEMENTS:
        op.execute(statement)
