"""The heartbeat of a live entry flow: the wall clock as ticks, while its topics are silent.

Readers give nothing out before every topic's clock has passed it; without a heartbeat a quiet
topic would hold the others back.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from connectors.envelope import SHARD, Envelope
from operators.blocks import Block


class ClockPartition(StatefulSourcePartition[tuple[str, Envelope], None]):
    """Says what time it is, again and again."""

    def __init__(self, every: timedelta, stopping: Callable[[], bool]) -> None:
        """Start at once."""
        self._every = every
        self._stopping = stopping
        self._last = 0

    def next_batch(self) -> list[tuple[str, Envelope]]:
        """Return an empty block up to now; never steps back, whatever the clock does."""
        if self._stopping():
            raise StopIteration
        self._last = max(self._last, time.time_ns() // 1_000)
        return [(SHARD, Envelope(Block([], self._last)))]

    def next_awake(self) -> datetime:
        """Return when the next beat is due."""
        return datetime.now(UTC) + self._every

    def snapshot(self) -> None:
        """Return nothing: the topics know how far time has come."""


class ClockSource(FixedPartitionedSource[tuple[str, Envelope], None]):
    """One heartbeat."""

    def __init__(self, every: timedelta, stopping: Callable[[], bool]) -> None:
        """Beat at an interval."""
        self._every = every
        self._stopping = stopping

    def list_parts(self) -> list[str]:
        """Return the one partition."""
        return [SHARD]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> ClockPartition:
        """Start it."""
        return ClockPartition(self._every, self._stopping)
