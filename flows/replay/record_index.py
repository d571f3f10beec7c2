"""Records of an archive by their ids, and whether every cause is there and came first."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from connectors.archive.reading import ArchivedRun
from messages.errors import UNDECODABLE
from messages.topics import CONTROL_ACCEPTED, RAW, TOPICS

# How ids of each kind begin where they are ours, and the topic that has them.
BY_PREFIX: Final = {topic.prefix: topic.name for topic in TOPICS if topic.prefix}
# Topics of records that others write, under ids of their own: any letters.
OF_OTHERS: Final = tuple(t.name for t in TOPICS if (t in RAW and t.prefix) or t is CONTROL_ACCEPTED)


class IndexedRecord(NamedTuple):
    """A record and its place."""

    topic: str
    partition: int
    offset: int
    stamp: int
    body: dict[str, Any]

    @property
    def id(self) -> str:
        """Return the record's id."""
        return str(self.body["id"])


class RecordIndex:
    """Finds records by id; days are read when needed, newest first, and kept."""

    def __init__(self, archive: ArchivedRun) -> None:
        """Open an archive."""
        self.archive = archive
        self._days: dict[tuple[str, str], dict[str, list[IndexedRecord]]] = {}

    def topics_of(self, id_: str) -> list[str]:
        """Return the topics that may have a record of this id, the likeliest first."""
        ours = BY_PREFIX.get(id_.partition("-")[0])
        return [*([ours] if ours else []), *(t for t in OF_OTHERS if t != ours)]

    def every(self, id_: str) -> list[IndexedRecord]:
        """Return all records of an id, oldest first: versions of an article, copies of a command.

        A bar's or a signal's id is there once; an empty list says that there is none.
        """
        for topic in self.topics_of(id_):
            if found := self._every_in(topic, id_):
                return found
        return []

    def _every_in(self, topic: str, id_: str) -> list[IndexedRecord]:
        for file in reversed(self.archive.files.get(topic, [])):
            if found := self.day(topic, file.day).get(id_):
                if topic != "news.raw":
                    return found
                older = [f.day for f in self.archive.files[topic] if f.day < file.day]
                return [v for d in older for v in self.day(topic, d).get(id_, [])] + found
        return []

    def one(self, id_: str) -> IndexedRecord | None:
        """Return the first record of an id."""
        found = self.every(id_)
        return found[0] if found else None

    def day(self, topic: str, day: str) -> dict[str, list[IndexedRecord]]:
        """Return one topic's records of a day by id."""
        if (topic, day) not in self._days:
            found: dict[str, list[IndexedRecord]] = {}
            for record in self._read(topic, day):
                found.setdefault(record.id, []).append(record)
            self._days[topic, day] = found
        return self._days[topic, day]

    def _read(self, topic: str, day: str) -> Iterator[IndexedRecord]:
        for row in self.archive.facts(topic, day, day):
            try:
                body = msgspec.json.decode(row.value or b"")
            except UNDECODABLE:
                continue  # its dead letter says why
            if isinstance(body, dict) and isinstance(body.get("id"), str):
                yield IndexedRecord(topic, row.partition, row.offset, row.stamp, body)


class Broken(NamedTuple):
    """A record whose cause is missing, or came later than itself."""

    topic: str
    id: str
    stamp: int
    cause: str
    detail: str


def broken_causes(index: RecordIndex, day: str) -> list[Broken]:
    """Check every record of a day: each id it names is there, and not later than the record."""
    return [
        Broken(topic.name, record.id, record.stamp, cause, detail)
        for topic in TOPICS
        for records in index.day(topic.name, day).values()
        for record in records
        for cause in record.body.get("causes", ())
        if (detail := _amiss(index, record, cause)) is not None
    ]


def _amiss(index: RecordIndex, record: IndexedRecord, cause: str) -> str | None:
    found = index.every(cause)
    if not found:
        return "is nowhere in the archive"
    if min(f.stamp for f in found) > record.stamp:
        return "came later than what it caused"
    return None
