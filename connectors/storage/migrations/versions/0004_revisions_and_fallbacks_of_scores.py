"""a score says its revision, and why a better model did not answer."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS = {"revision": (sa.Integer(), "0"), "fallback": (sa.Text(), "")}


def upgrade() -> None:
    """Scores from before are first revisions without a fallback."""
    for name, (kind, before) in COLUMNS.items():
        column = sa.Column(name, kind, nullable=False, server_default=before)
        op.add_column("article_sentiments", column)
        op.alter_column("article_sentiments", name, server_default=None)


def downgrade() -> None:
    """Forget both."""
    for name in COLUMNS:
        op.drop_column("article_sentiments", name)
