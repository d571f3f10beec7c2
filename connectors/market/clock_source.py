"""The heartbeat of a live entry flow: the wall clock as ticks, while its topics are silent.

Readers give nothing out before every topic's clock has passed it; without a heartbeat a quiet
topic would hold the others back.
"""

from collections.abc import Callable
from datetime import timedelta

from bytewax.inputs import FixedPartitionedSource

from connectors.envelope import SHARD, Envelope
from connectors.steady_clock import Beat, Ringing, SteadyClock
from connectors.steady_source import SteadyPartition
from operators.blocks import Block


class ClockPartition(SteadyPartition[tuple[str, Envelope], None]):
    """Says what time it is, again and again."""

    def __init__(
        self, every: timedelta, stopping: Callable[[], bool], bell: Ringing | None = None
    ) -> None:
        """Start at once."""
        self._beat, self._clock = Beat(every.total_seconds(), bell), SteadyClock()
        self._stopping = stopping

    def next_batch(self) -> list[tuple[str, Envelope]]:
        """Wait for the next beat; return an empty block up to now, or nothing yet."""
        due = self._beat.wait()
        if self._stopping():
            raise StopIteration
        if not due:
            return []
        return [(SHARD, Envelope(Block([], self._clock.now())))]

    def snapshot(self) -> None:
        """Return nothing: the topics know how far time has come."""


class ClockSource(FixedPartitionedSource[tuple[str, Envelope], None]):
    """One heartbeat."""

    def __init__(
        self, every: timedelta, stopping: Callable[[], bool],
        listen: Callable[[], Ringing] | None = None,
    ) -> None:  # fmt: skip
        """Beat at an interval; seldom while the bell that `listen` gives is silent."""
        self._every = every
        self._listen = listen
        self._stopping = stopping

    def list_parts(self) -> list[str]:
        """Return the one partition."""
        return [SHARD]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> ClockPartition:
        """Start it."""
        bell = self._listen() if self._listen else None
        return ClockPartition(self._every, self._stopping, bell)
