"""Connections to one run's schema."""

from typing import Any

import psycopg

WAIT_S = 5


def connect(
    url: str, schema: str, *, autocommit: bool = False, row_factory: Any = None
) -> psycopg.Connection[Any]:
    """Return a connection whose unqualified names are the schema's, and whose times are UTC.

    Args:
        url: of the database.
        schema: of the run.
        autocommit: as in psycopg.
        row_factory: as in psycopg; None: tuples.

    Raises:
        psycopg.OperationalError: the database is away.
    """
    more = {} if row_factory is None else {"row_factory": row_factory}
    return psycopg.connect(
        url, autocommit=autocommit, connect_timeout=WAIT_S,
        options=f"-c search_path={schema} -c timezone=UTC", **more,
    )  # fmt: skip
