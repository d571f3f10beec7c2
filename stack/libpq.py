"""libpq's environment, which reaches every client of PostgreSQL in the process and its children."""

import os
import re
from typing import Final

# PGHOST, PGSERVICE, PGSSLMODE and thirty others; PGDATA is the server's, which has its own -D.
VARIABLES: Final = re.compile(r"PG[A-Z_]+\Z")


def set_libpq_aside() -> list[str]:
    """Take libpq's variables out of the environment, unless the settings name a database.

    The embedded database is named whole by its URL; a service, an SSL mode or a session attribute
    that somebody wants for another server makes it unreachable.

    Returns:
        The names of those that were set aside.
    """
    found = [name for name in os.environ if VARIABLES.match(name)]
    if not found:
        return []
    from connectors.settings import SettingsInvalid, load_settings

    try:
        named = bool(load_settings().database_url.get_secret_value())
    except SettingsInvalid:
        return []  # the command says so
    if named:
        return []
    for name in found:
        del os.environ[name]
    return found
