"""checks: what every check measured, with each decision; a ticker's news by their time."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this version; of decisions made before, nothing more is known."""
    op.execute("ALTER TABLE decisions ADD COLUMN checks jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE decisions ALTER COLUMN checks DROP DEFAULT")
    op.execute(
        "CREATE INDEX ix_article_sentiments_ticker_published_at"
        " ON article_sentiments (ticker, published_at, article_id)"
    )


def downgrade() -> None:
    """Go back to the version before."""
    op.execute("DROP INDEX ix_article_sentiments_ticker_published_at")
    op.execute("ALTER TABLE decisions DROP COLUMN checks")
