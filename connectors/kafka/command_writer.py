"""Writes commands to a run's control topic, and waits until the broker has them."""

from typing import Final

from confluent_kafka import KafkaError, KafkaException, Producer

from connectors.kafka.layout import BrokerUnavailable, Layout
from connectors.telemetry import TRACEPARENT
from messages.codec import encode
from messages.control import Command
from messages.topics import CONTROL_COMMANDS

WAIT_S: Final = 10.0


class CommandWriter:
    """Writes one run's commands; without a stamp, as flows/control stamps what it lets in."""

    def __init__(self, layout: Layout) -> None:
        """Open a producer; its principal may write control.commands."""
        self._layout = layout
        self._producer = Producer(
            layout.access.settings(
                {"acks": "all", "linger.ms": 0, "message.timeout.ms": int(WAIT_S * 1_000),
                 "log_level": 2}
            )
        )  # fmt: skip

    def write(self, command: Command, trace: str = "") -> None:
        """Write a command; it is in the log when this returns. A repeated id is the same command.

        Args:
            command: to write.
            trace: `traceparent` of what asked for it; may be empty.

        Raises:
            BrokerUnavailable: the broker does not take it within ten seconds; it may be in the log
                all the same, so write it again under its id.
        """
        failed: list[KafkaError] = []

        def delivered(error: KafkaError | None, _record: object) -> None:
            if error is not None:
                failed.append(error)

        where = self._layout.name(CONTROL_COMMANDS)
        try:
            headers: dict[str, str | bytes | None] = {TRACEPARENT: trace} if trace else {}
            body = encode(command)
            self._producer.produce(where, body, b"", 0, headers=headers, on_delivery=delivered)
            left = self._producer.flush(WAIT_S + 1)
        except KafkaException as error:
            failed.append(error.args[0])
            left = 0
        if failed or left:
            why = failed[0].str() if failed else "no answer"
            reason = (
                f"The broker at {self._layout.bootstrap} does not take the command ({why}): it may "
                "or may not take effect; look at `tidewire status`, and try again."
            )
            raise BrokerUnavailable(reason)
