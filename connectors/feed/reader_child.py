"""The process that parses feeds: answers in, rows out, one after the other, until its input ends.

A parse that takes too long is ended by the system, which needs nobody's leave for it: the timer
counts the processor's time, so that a busy machine ends no honest feed.
"""

import resource
import signal
import struct
import sys
from datetime import datetime
from types import MappingProxyType
from typing import IO, Any, Final

import msgspec

from connectors.feed.failures import FeedFailed
from connectors.feed.fetching import Fetched
from connectors.feed.rss import rows_of

SIZE: Final = struct.Struct(">Q")
MAX_MEMORY: Final = 2 * 1024**3  # bytes of addresses


class Question(msgspec.Struct, frozen=True):
    """An answer of a server to be parsed; the fields are those of `Fetched`.

    Attributes:
        source: name of the feed.
        at: when it was fetched, UTC.
        limit_s: of the processor's time, seconds.
    """

    body: bytes
    content_type: str
    url: str
    source: str
    at: datetime
    limit_s: float


class Parsed(msgspec.Struct, frozen=True):
    """What came of it.

    Attributes:
        rows: as admission takes them, oldest first.
        reason: a code, where it is no feed; empty where it is one.
        detail: in words.
    """

    rows: list[dict[str, Any]] = []
    reason: str = ""
    detail: str = ""


def send(to: IO[bytes], message: msgspec.Struct) -> None:
    """Write a message with its size before it."""
    said = msgspec.msgpack.encode(message)
    to.write(SIZE.pack(len(said)))
    to.write(said)
    to.flush()


def receive(source: IO[bytes]) -> bytes | None:
    """Read a message; None at the end of the input, or within a message."""
    head = source.read(SIZE.size)
    if len(head) < SIZE.size:
        return None
    (size,) = SIZE.unpack(head)
    said = source.read(size)
    return said if len(said) == size else None


def parsed(question: Question) -> Parsed:
    """Parse one answer."""
    fetched = Fetched(
        question.body, True, question.content_type, question.url, MappingProxyType({})
    )
    try:
        return Parsed(list(rows_of(fetched, question.source, question.at)))
    except FeedFailed as failure:
        return Parsed([], failure.reason, failure.detail)
    except MemoryError:
        return Parsed([], "TOO_LARGE", "its parse needs too much memory")


def main() -> None:
    """Answer until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asks decides
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while (said := receive(sys.stdin.buffer)) is not None:
        question = msgspec.msgpack.decode(said, type=Question)
        signal.setitimer(signal.ITIMER_PROF, question.limit_s)
        found = parsed(question)
        signal.setitimer(signal.ITIMER_PROF, 0)
        send(sys.stdout.buffer, found)


if __name__ == "__main__":
    main()
