"""The newest events of a run, kept so that who comes back misses none."""

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import merge
from typing import Final

import msgspec

from api.live.channels import Channel, data_of, slim
from api.live.cursor import Cursors, Place
from connectors.kafka.follower import FollowedRecord
from messages.base import Message

MOST: Final = 4_000


class TooOld(Exception):
    """What a cursor asks for is no longer kept, or never was."""


@dataclass
class Event:
    """One fact on a channel.

    Attributes:
        number: counts the events of this process.
        place, offset: of its record.
        kind: name of its topic.
        cursor: behind it.
    """

    number: int
    channel: Channel
    kind: str
    place: Place
    offset: int
    cursor: str
    message: Message

    @cached_property
    def text(self) -> str:
        """Return it as it is sent, made once for all who listen."""
        return self.told(self.cursor)

    def told(self, cursor: str) -> str:
        """Return it as it is sent to somebody who is at another cursor behind it."""
        told = {
            "type": "event", "channel": self.channel, "kind": self.kind, "cursor": cursor,
            "data": self._data,
        }  # fmt: skip
        return msgspec.json.encode(told).decode()

    @cached_property
    def _data(self) -> msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode(data_of(self.message)))


@dataclass(frozen=True, slots=True)
class Missed:
    """An event that somebody missed who comes back.

    Another process may have read the topics in another order: what they have seen may lie ahead
    of the event's own cursor in one partition, and behind it in another. Theirs is the farther of
    both in each.

    Attributes:
        seen: offsets that they came back with.
    """

    event: Event
    seen: Mapping[Place, int]
    cursors: Cursors

    @property
    def text(self) -> str:
        """Return it as it is sent to them."""
        at = self.cursors.offsets(self.event.cursor)
        farther = {place: max(offset, self.seen[place]) for place, offset in at.items()}
        return self.event.told(self.cursors.text(farther))


class History:
    """Events in the order in which this process read them, and the way back into them.

    Each channel has a history of its own: a flood on one shortens no other's. Not for two threads
    at once.

    Attributes:
        cursor: behind all that has been read.
    """

    def __init__(
        self, run_id: str, start: Mapping[Place, int], channels: Mapping[str, Channel],
        most: int = MOST,
    ) -> None:  # fmt: skip
        """Begin at the offsets that the topics are read from.

        Args:
            run_id: of the run.
            start: offsets of every partition that is followed.
            channels: a topic's name with the run's prefix -> the channel that it is told on.
            most: events of each channel that are kept.
        """
        self._cursors = Cursors(run_id, sorted(start))
        self._next = dict(start)
        self._first = dict(start)  # offsets before these are not kept
        self._channels = channels
        self._most = most
        self._events: dict[Channel, deque[Event]] = {c: deque() for c in channels.values()}
        self._number = 0
        self.cursor = self._cursors.text(start)

    def add(self, name: str, record: FollowedRecord) -> Event:
        """Keep a record of a topic, by its name on the broker; returns its event."""
        place, channel = (name, record.partition), self._channels[name]
        self._next[place] = record.offset + 1
        self.cursor = self._cursors.text(self._next)
        self._number += 1
        event = Event(
            self._number, channel, record.topic.name, place, record.offset, self.cursor,
            slim(record.body),
        )  # fmt: skip
        kept = self._events[channel]
        kept.append(event)
        if len(kept) > self._most:
            gone = kept.popleft()
            self._first[gone.place] = gone.offset + 1
        return event

    def pass_to(self, position: Mapping[Place, int]) -> None:
        """Go to where the reader is, over records that are nobody's news."""
        if any(position[place] > offset for place, offset in self._next.items()):
            self._next.update(position)
            self.cursor = self._cursors.text(self._next)

    @property
    def newest(self) -> int:
        """Return the number of the newest event."""
        return self._number

    def since(self, cursor: str, channels: Collection[Channel]) -> list[Missed]:
        """Return the events of some channels behind a cursor, in the order of their reading.

        Raises:
            CursorUnreadable: it is none of this run's.
            TooOld: some of them are not kept any more, or it is ahead of the topics.
        """
        at = self._cursors.offsets(cursor)
        for place, offset in at.items():
            wanted = self._channels[place[0]] in channels
            if offset > self._next[place] or (wanted and offset < self._first[place]):
                raise TooOld(cursor)
        kept = merge(*(self._events[c] for c in channels if c in self._events), key=_number)
        return [Missed(e, at, self._cursors) for e in kept if e.offset >= at[e.place]]


def _number(event: Event) -> int:
    return event.number
