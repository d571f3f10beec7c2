"""a score says how its article is about the ticker: named, or only tagged by the feed."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ABOUT = "('named', 'tagged', 'beside', 'market', 'unknown')"


def upgrade() -> None:
    """Go to this version; of scores from before it is not known."""
    op.execute(
        f"""ALTER TABLE article_sentiments ADD COLUMN about varchar(7) NOT NULL DEFAULT 'unknown'
          CONSTRAINT about_word CHECK (about IN {ABOUT})"""
    )
    op.execute("ALTER TABLE article_sentiments ALTER COLUMN about DROP DEFAULT")


def downgrade() -> None:
    """Forget it."""
    op.execute("ALTER TABLE article_sentiments DROP COLUMN about")
