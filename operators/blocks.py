"""What operators are fed: a stretch of the ordered log.

Order is data. Events of a block are sorted by (stamp, key, topic rank, offset); a block holds
whole stamps only, and every later block holds later stamps. Where one block ends and the next
begins means nothing: an operator gives the same outputs however the stream is cut.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from msgspec import Struct


class Event(NamedTuple):
    """One fact at one place of the order.

    Attributes:
        stamp: microseconds since 1970-01-01 UTC: when the system knew it.
        key: what it is about (a ticker, an account); the empty key comes first at its stamp.
        body: the fact.
    """

    stamp: int
    key: str
    body: Struct


class Barrier(NamedTuple):
    """A place in the log at which a shard's whole state is kept: right after a session's close.

    It travels with the block that ends there; each step of the flow adds its own state.

    Attributes:
        boundary: every event before it is in the state, none at or after it.
        source: how far the source has read, as its own snapshot says.
        steps: step id -> the operator's state, pickled at once: the next step may change it.
    """

    boundary: int
    source: Any
    steps: Mapping[str, bytes]


class Block(NamedTuple):
    """A stretch of the log: every event with a stamp below `frontier` not yet given.

    Attributes:
        events: in order; may be empty, then only time has passed.
        frontier: no later event has a smaller stamp.
        ended: the input is over; `frontier` is its last moment.
        barrier: the flow's state is to be kept as it is after this block. Operators do not see
            barriers; the engine carries them past.
        origin: step id -> state to start from, on the first block of a shard that starts from
            a kept state; handled by the engine likewise.
    """

    events: list[Event]
    frontier: int
    ended: bool = False
    barrier: Barrier | None = None
    origin: Mapping[str, bytes] | None = None


class Operator(Protocol):
    """A state machine: `build(params)` makes one, `build(params, state)` resumes one."""

    def step(self, block: Block) -> Block:
        """Take the next stretch and return what follows from it, in order."""
        ...

    def snapshot(self) -> Any:
        """Return the whole state as plain picklable data, valid until the next step."""
        ...
