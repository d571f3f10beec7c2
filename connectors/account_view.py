"""A run's account, as commands and the API show it."""

from datetime import datetime
from typing import Any

import psycopg

from connectors.market.calendar import NEW_YORK
from connectors.runs import Run
from connectors.storage.portfolio import AccountNow, account_now


def account_of(
    connection: "psycopg.Connection[dict[str, Any]]", run: Run, now: datetime
) -> AccountNow:
    """Return the account as it is now; its day is the one of New York.

    Args:
        connection: see `account_now`.
        run: whose schema the connection reads.
        now: the wall clock; the day of a run that is played is that of its newest figure.
    """
    rules, interval = run.rules, run.spec.interval
    if not run.live:
        now = account_now(connection, rules, interval, now).as_of or now
    return account_now(connection, rules, interval, start_of_day(now))


def start_of_day(moment: datetime) -> datetime:
    """Return when a moment's day began in New York."""
    return moment.astimezone(NEW_YORK).replace(hour=0, minute=0, second=0, microsecond=0)
