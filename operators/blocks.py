"""What operators are given: batches of the ordered log.

Order is data. Events of a block are sorted by (stamp, key, topic rank, offset); a block holds
whole stamps only, and every later block holds later stamps. Where one block ends and the next
begins means nothing: an operator gives the same outputs however the stream is cut.
"""

from typing import NamedTuple, Protocol

from msgspec import Struct

from operators.states import State


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


class Block(NamedTuple):
    """A batch of the log: every event with a stamp below `frontier` not yet given.

    Attributes:
        events: in order; may be empty, then only time has passed.
        frontier: no later event has a smaller stamp.
        ended: the input is over; `frontier` is its last moment.
    """

    events: list[Event]
    frontier: int
    ended: bool = False


class Operator(Protocol):
    """A state machine over blocks.

    `XOperator(params)` makes one; `XOperator(params, state)` resumes one from a snapshot and goes
    on as if it had never stopped. The same blocks give the same outputs, however the stream is
    cut into blocks.
    """

    def step(self, block: Block) -> Block:
        """Take the next batch and return what follows from it, in order of the log."""
        ...

    def snapshot(self) -> State:
        """Return the whole state; called between two steps. Later steps do not change it."""
        ...
