"""When the newest live bar of a run ended, as the database has it."""

from datetime import datetime, timedelta
from typing import Any, Final

import psycopg

from messages.market import INTERVALS

# The newest minutes first: where bars come, nothing else is read.
WITHIN: Final = (timedelta(minutes=10), timedelta(days=7))
NEWEST: Final = """SELECT max(start) AS start FROM market_data WHERE start >= %(since)s
  AND interval = %(interval)s AND revision = 0 AND NOT backfilled"""


def newest_bar(
    connection: "psycopg.Connection[dict[str, Any]]", interval: str, now: datetime
) -> datetime | None:
    """Return the end of the newest bar that was not back-filled, UTC; None without one in a week.

    Args:
        connection: to the run's schema.
        interval: of the run's bars.
        now: the time, UTC.
    """
    for within in WITHIN:
        values = {"since": now - within, "interval": interval}
        row = connection.execute(NEWEST.encode(), values).fetchone() or {}
        if (start := row.get("start")) is not None:
            end: datetime = start + INTERVALS[interval]
            return end
    return None
