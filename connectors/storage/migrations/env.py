"""Alembic's entry: runs on the connection that `storage.schema` hands over."""

import re

from alembic import context

from connectors.storage.rollups import LEVELS
from connectors.storage.tables import metadata

# Partitions, and the rollups of the plain path, are made by SQL of their own.
UNMANAGED = re.compile(rf".*_p\d{{6}}|{'|'.join(LEVELS)}|rollup_due|care|row_counts")


def managed(name: str | None, kind: str, _parents: object) -> bool:
    """Tell whether Alembic should compare this name with the models."""
    return kind != "table" or not UNMANAGED.fullmatch(name or "")


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=False,
    include_name=managed,
)
with context.begin_transaction():
    context.run_migrations()
