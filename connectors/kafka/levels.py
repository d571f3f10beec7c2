"""How far a run's topics are: records in each, and when the newest was appended."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from connectors.kafka.layout import BrokerUnavailable, Layout
from messages.base import Message
from messages.topics import Topic

ANSWER_S: Final = 5.0


class Level(NamedTuple):
    """One topic's level.

    Attributes:
        end: records that were ever appended, over all partitions.
        newest: when the newest one was appended by its time stamp, UTC; None without one.
    """

    end: int
    newest: datetime | None


class Levels:
    """Asks for all topics at once, in two requests."""

    def __init__(self, layout: Layout, topics: Iterable[Topic[Message]]) -> None:
        """Take the topics; nothing is asked yet."""
        self._layout = layout
        self._places = [(t, p) for t in topics for p in layout.partitions_of(t)]
        self._admin: AdminClient | None = None

    def read(self) -> dict[str, Level]:
        """Return the level of each topic, by its name without the run's prefix.

        Raises:
            BrokerUnavailable: the broker does not answer within five seconds.
        """
        try:
            if self._admin is None:
                self._admin = AdminClient(self._layout.access.settings({"log_level": 2}))
            ends = self._asked(OffsetSpec.latest())  # type: ignore[no-untyped-call]
            newest = self._asked(OffsetSpec.max_timestamp())  # type: ignore[no-untyped-call]
        except KafkaException as error:
            reason = f"The broker does not say how its topics are: {error.args[0].str()}"
            raise BrokerUnavailable(reason) from error
        found: dict[str, Level] = {}
        for place, (end, _) in ends.items():
            topic = place[0]
            before = found.get(topic, Level(0, None))
            _, millis = newest[place]
            moment = datetime.fromtimestamp(millis / 1_000, UTC) if millis > 0 else None
            known = [each for each in (before.newest, moment) if each is not None]
            found[topic] = Level(before.end + end, max(known, default=None))
        return found

    def _asked(self, spec: OffsetSpec) -> dict[tuple[str, int], tuple[int, int]]:
        assert self._admin is not None  # noqa: S101  # `read` has made it
        wanted = {TopicPartition(self._layout.name(t), p): (t.name, p) for t, p in self._places}
        futures = self._admin.list_offsets(dict.fromkeys(wanted, spec), request_timeout=ANSWER_S)
        found = {}
        for place, future in futures.items():
            answer = future.result()
            found[wanted[place]] = (answer.offset, answer.timestamp)
        return found
