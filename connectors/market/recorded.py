"""Recorded input as a Bytewax source: rows of a file, in order, as fast as the flow takes them.

The position is a row number, so a resumed player goes on where its snapshot was.
"""

import time
from collections.abc import Callable
from itertools import islice
from typing import Final

from bytewax.inputs import FixedPartitionedSource

from connectors.envelope import SHARD, Envelope
from connectors.market.input_files import Rows
from connectors.steady_source import SteadyPartition
from operators.blocks import Block, Event
from operators.states import State, decode_state, encode_state

BATCH: Final = 1_000
SLICES_PER_S: Final = 20


class PlayedState(State):
    """How far a file was played: the next row, and whether its end was passed on."""

    row: int
    ended: bool


class RecordedPartition(SteadyPartition[tuple[str, Envelope], bytes]):
    """Plays one file."""

    def __init__(
        self, rows: Rows, resume: bytes | None, stopping: Callable[[], bool], pace: int
    ) -> None:
        """Go to the row of the snapshot."""
        self._size = max(1, min(BATCH, pace // SLICES_PER_S)) if pace else BATCH
        self._wait = self._size / pace if pace else 0.0
        self._due = time.monotonic()
        state = None if resume is None else decode_state(resume, PlayedState)
        self._next, self._done = (state.row, state.ended) if state else (0, False)
        self._rows = rows(self._next)
        self._stopping = stopping

    def next_batch(self) -> list[tuple[str, Envelope]]:
        """Return the next rows when they are due; the last block says that the input is over."""
        if self._done or self._stopping():
            raise StopIteration
        time.sleep(max(0.0, self._due - time.monotonic()))
        self._due = time.monotonic() + self._wait
        rows = list(islice(self._rows, self._size))
        self._done = not rows
        self._next += len(rows)
        block = Block([Event(0, "", row) for row in rows], 0, self._done)
        return [(SHARD, Envelope(block))]

    def snapshot(self) -> bytes:
        """Return the encoded `PlayedState`."""
        return encode_state(PlayedState(row=self._next, ended=self._done))


class RecordedSource(FixedPartitionedSource[tuple[str, Envelope], bytes]):
    """One file, one partition; `pace` is rows per second, 0 as fast as the flow takes them."""

    def __init__(self, rows: Rows, stopping: Callable[[], bool], pace: int = 0) -> None:
        """Take a reader; nothing is opened here."""
        self._pace = pace
        self._rows = rows
        self._stopping = stopping

    def list_parts(self) -> list[str]:
        """Return the one partition."""
        return [SHARD]

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> RecordedPartition:
        """Open the file at the snapshot's row."""
        return RecordedPartition(self._rows, resume_state, self._stopping, self._pace)
