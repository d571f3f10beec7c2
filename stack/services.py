"""Broker and database: the embedded ones, or those that the settings name."""

import fcntl
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import IO, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from connectors.settings import Settings
from connectors.storage.schema import server_version
from stack.broker import EmbeddedBroker
from stack.database import EmbeddedDatabase
from stack.errors import StackError
from stack.home import Home

APACHE_ONLY: Final = "group.coordinator.rebalance.protocols"


class Services:
    """Both servers of a home; `with Services(...) as s` starts and always stops them."""

    def __init__(self, home: Home, settings: Settings) -> None:
        """Remember what is wanted; nothing is started."""
        self.home = home
        self.broker = EmbeddedBroker(home)
        self.database = EmbeddedDatabase(home)
        self._lock: IO[str] | None = None
        self.bootstrap = settings.bootstrap
        self.database_url = settings.database_url.get_secret_value()

    def __enter__(self) -> "Services":
        """Start what is not named by the settings, side by side."""
        lock = (self.home.path / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            reason = (
                f"{self.home.path} is in use by another tidewire: stop that one, or choose another "
                "directory with --home."
            )
            raise StackError(reason) from error
        self._lock = lock
        try:
            with ThreadPoolExecutor(2) as pool:
                starts = []
                if not self.bootstrap:
                    starts.append(pool.submit(self.broker.start))
                if not self.database_url:
                    starts.append(pool.submit(self.database.start))
                for start in starts:
                    start.result()
        except BaseException:
            self.stop()
            raise
        self.bootstrap = self.bootstrap or self.broker.bootstrap
        self.database_url = self.database_url or self.database.url
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Stop what was started here."""
        self.stop()

    def stop(self) -> None:
        """Stop the embedded servers; those of others are left alone."""
        self.broker.stop()
        self.database.stop()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def broker_name(self) -> str:
        """Return what the broker is, by asking it: a setting only Apache Kafka 4 has."""
        if self.broker.version:
            return f"Apache Kafka {self.broker.version}"
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 2})
        try:
            node = str(next(iter(admin.list_topics(timeout=10).brokers)))
            resource = ConfigResource(ResourceType.BROKER, node)
            settings = admin.describe_configs([resource], request_timeout=10)[resource].result(10)
        except (KafkaException, StopIteration, TimeoutError):
            return "unknown broker"
        return "Apache Kafka" if APACHE_ONLY in settings else "unknown broker"

    def database_name(self) -> str:
        """Return the database and its version."""
        return f"PostgreSQL {server_version(self.database_url)}"
