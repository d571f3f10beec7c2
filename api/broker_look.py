"""The look at the broker: what it said last, read by a thread, for whoever asks at once."""

import logging
import threading
from typing import Final

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from api.context import Rows
from connectors.storage.broker import BrokerNow, broker_now

log = logging.getLogger(__name__)
EVERY_S: Final = 2.0


class BrokerLook:
    """Looks every two seconds; a database that is away leaves the last look standing."""

    def __init__(self, pool: "ConnectionPool[Rows]", account: str) -> None:
        """Take where to look, and for whom; `start` begins."""
        self._pool, self._account = pool, account
        self._found: BrokerNow | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker-look", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join(2 * EVERY_S)

    def newest(self) -> BrokerNow | None:
        """Return what was seen last; None before the first look."""
        return self._found

    def look(self) -> None:
        """Look once.

        Raises:
            psycopg.Error: the database does not answer, or answers otherwise than it should.
            PoolTimeout: it gives no connection.
        """
        with self._pool.connection() as connection:
            self._found = broker_now(connection, self._account)

    def _run(self) -> None:
        was = True
        while not self._over.is_set():
            good = True
            try:
                self.look()
            except (psycopg.Error, PoolTimeout) as error:
                good = False
                if was:
                    log.warning("what the broker said is not read: %s", error)
            was = good
            self._over.wait(EVERY_S)
