"""Connections to one run's schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from messages.errors import TidewireError

WAIT_S = 5


class DatabaseUnavailable(TidewireError, RuntimeError):
    """The database does not answer. Operator action: start it, or correct the URL."""


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


def answers(url: str, within_s: int) -> bool:
    """Tell whether a database lets a new connection in.

    Args:
        url: of it.
        within_s: seconds, 2 at least.
    """
    try:
        psycopg.connect(url, connect_timeout=within_s).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def reading(url: str, schema: str) -> Iterator["psycopg.Connection[dict[str, Any]]"]:
    """Give a connection that reads one moment, rows as dictionaries.

    Raises:
        DatabaseUnavailable: it does not answer, or goes away meanwhile.
    """
    try:
        with connect(url, schema, row_factory=dict_row) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield connection
    except psycopg.OperationalError as error:
        reason = f"The database does not answer ({str(error).splitlines()[0]}): start it."
        raise DatabaseUnavailable(reason) from error
