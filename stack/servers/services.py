"""Broker and database: the embedded ones, or those that the settings name."""

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from connectors.kafka.access import Access, client_settings
from connectors.kafka.layout import Layout, create_topics
from connectors.settings import Settings
from connectors.storage.schema import server_version
from messages.base import Message
from messages.topics import Topic
from stack.errors import StackError
from stack.home import Home
from stack.hurry import hurried
from stack.servers.broker import EmbeddedBroker
from stack.servers.database import EmbeddedDatabase
from stack.servers.kept import Kept
from stack.servers.memory_broker import NAME, MemoryBroker
from stack.servers.principals import FLOWS, open_run

SIGNING_IN: Final = re.compile(r"(sasl|ssl|security)\.").match
KAFKA: Final = "Apache Kafka"
POSTGRES: Final = "PostgreSQL"
APACHE_ONLY: Final = "group.coordinator.rebalance.protocols"


class Services:
    """Both servers of a home; `with Services(...) as s` starts and always stops them."""

    def __init__(self, home: Home, settings: Settings, *, in_memory: bool = False) -> None:
        """Remember what is wanted; nothing is started.

        Args:
            home: where everything is kept.
            settings: may name servers of others.
            in_memory: a mock broker inside this process instead of a real one.
        """
        self.memory = MemoryBroker() if in_memory else None
        self.home = home
        self.broker = EmbeddedBroker(home)
        self.database = EmbeddedDatabase(home)
        self._kept = (Kept(KAFKA, self.broker), Kept(POSTGRES, self.database))
        self._lock = ExitStack()
        self.bootstrap = settings.bootstrap
        self._passed = client_settings(settings.kafka)
        if not self.bootstrap and (of_others := sorted(filter(SIGNING_IN, self._passed))):
            reason = (
                f"TIDEWIRE_KAFKA__{of_others[0].replace('.', '_').upper()} is for a broker of your "
                "own: name it with TIDEWIRE_BOOTSTRAP, or take the setting out."
            )
            raise StackError(reason)
        self.database_url = settings.database_url.get_secret_value()
        self._commands = settings.control.outside_commands

    def __enter__(self) -> "Services":
        """Start what is not named by the settings, side by side."""
        self._lock.enter_context(self.home.locked())
        try:
            with ThreadPoolExecutor(2) as pool:
                starts = []
                if self.memory is not None:
                    self.memory.start()
                    self.bootstrap = self.memory.bootstrap
                elif not self.bootstrap:
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
        with hurried():
            if self.memory is not None:
                self.memory.stop()
            for kept in self._kept:
                kept.close()
            self._lock.close()

    def watch(self) -> list[str]:
        """Look after the embedded servers once: one that has died is started again.

        Called every fraction of a second; waits for nothing.

        Returns:
            What is to be said, in sentences; mostly nothing.
        """
        return [said for kept in self._kept if (said := kept.look())]

    def logs(self) -> list[Path]:
        """Return the files of the embedded servers' logs."""
        return [log for log in (self.broker.log, self.database.log) if log is not None]

    @property
    def down(self) -> dict[str, str]:
        """Return why a server is not up, by its name; empty while all of them are."""
        return {kept.name: kept.down for kept in self._kept if kept.down}

    @property
    def restarts(self) -> int:
        """Return how often servers were started again."""
        return sum(kept.restarts for kept in self._kept)

    @property
    def access(self) -> Access:
        """Return the flows' way to the broker."""
        return self.access_of(FLOWS)

    def access_of(self, principal: str) -> Access:
        """Return a principal's way to the embedded broker; the settings' to any other."""
        if self.memory is not None:
            return Access(self.bootstrap)
        if not self.broker.bootstrap:
            return Access(self.bootstrap, self._passed)
        own = self.broker.access(principal)
        return Access(own.bootstrap, {**self._passed, **own.client})

    def make_topics(self, layout: Layout, topics: Iterable[Topic[Message]]) -> None:
        """Create a run's topics; at the embedded broker, let outsiders write what is theirs.

        Raises:
            BrokerUnavailable: no answer within 30 seconds.
        """
        if self.memory is None:
            create_topics(layout, topics)
            if self.broker.bootstrap:
                open_run(self.broker.admin(), layout, commands=self._commands)
            return
        for topic in topics:
            self.memory.make_topic(layout.name(topic))

    def broker_name(self) -> str:
        """Return what the broker is, by asking it: a setting only Apache Kafka 4 has."""
        if self.memory is not None:
            return NAME
        if self.broker.version:
            return f"Apache Kafka {self.broker.version}"
        admin = AdminClient(self.access.settings({"log_level": 2}))
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
