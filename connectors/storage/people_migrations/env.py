"""Alembic's entry for the people's tables: on the connection that `storage.schema` hands over."""

from alembic import context

from connectors.storage.access import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=metadata, compare_type=True,
    compare_server_default=False,
)  # fmt: skip
with context.begin_transaction():
    context.run_migrations()
