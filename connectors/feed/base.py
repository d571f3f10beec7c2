"""What every news feed is: polled from a thread of its own, with a memory that outlives it."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

Values = dict[str, Any]
Memory = Mapping[str, str]


class Poll(NamedTuple):
    """What one look at a feed gave.

    Attributes:
        rows: as admission takes them, oldest first; repeats allowed.
        memory: for the next look: names and texts, kept with the rows in the snapshot.
    """

    rows: list[Values]
    memory: Memory


class Named(Protocol):
    """What the registry of feeds' health must know of one.

    Attributes:
        name: unique among the feeds.
        interval_s: between two looks, seconds.
        max_back_off_s: the longest wait after failures.
    """

    @property
    def name(self) -> str: ...  # noqa: D102  # see above

    @property
    def interval_s(self) -> float: ...  # noqa: D102

    @property
    def max_back_off_s(self) -> float: ...  # noqa: D102


class Feed(Protocol):
    """A source of news.

    Attributes:
        name: unique among the feeds.
        interval_s: between two looks, seconds.
        max_back_off_s: the longest wait after failures.
    """

    name: str
    interval_s: float
    max_back_off_s: float

    def poll(self, memory: Memory) -> Poll:
        """Look once; blocks for a bounded time.

        Raises:
            FeedFailed: nothing came of it; tried again later, and later each time.
        """
        ...

    def close(self) -> None:
        """Let go of connections and threads."""
        ...
