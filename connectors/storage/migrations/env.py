"""Alembic's entry: runs on the connection that `storage.schema` hands over."""

from alembic import context

from connectors.storage.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
