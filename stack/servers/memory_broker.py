"""`--broker memory`: librdkafka's mock cluster, for unit tests and a quick look without Java.

In memory and bounded (a few megabytes per partition), gone when the process ends; four
partitions per topic, made on first use; no transactions, no retention, no admin calls. So never
for `--check`, replay or recovery.
"""

from typing import Final

from confluent_kafka import Producer

from stack.errors import CannotStart

PARTITIONS: Final = 4
TIMEOUT_S: Final = 10.0
NAME: Final = "librdkafka mock cluster in memory"


class MemoryBroker:
    """One mock broker inside this process; other processes connect to it as to a real one."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._host: Producer | None = None
        self.bootstrap = ""

    def start(self) -> None:
        """Open the cluster on a loopback port of its own.

        Raises:
            CannotStart: librdkafka did not bring one up.
        """
        self._host = Producer(
            {"test.mock.num.brokers": 1, "bootstrap.servers": "mock", "log_level": 2}
        )
        found = list(self._host.list_topics(timeout=TIMEOUT_S).brokers.values())
        if not found:
            reason = "librdkafka's mock cluster did not start: use --broker kafka."
            raise CannotStart(reason)
        self.bootstrap = f"{found[0].host}:{found[0].port}"

    def make_topic(self, name: str) -> None:
        """Make a topic by asking for it."""
        assert self._host is not None
        self._host.list_topics(name, timeout=TIMEOUT_S)

    def stop(self) -> None:
        """Forget everything."""
        self._host = None
