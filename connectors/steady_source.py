"""Sources that the engine never lets wait for a time of the wall clock.

Bytewax looks at an idle source again a millisecond later, by the wall clock: one that was set back
by an hour in between would keep the flow still for that hour. Our sources wait by themselves, by
the monotonic clock, and always say that they are due.
"""

from datetime import UTC, datetime
from typing import Final, TypeVar

from bytewax.inputs import StatefulSourcePartition

X = TypeVar("X")
S = TypeVar("S")
DUE: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SteadyPartition(StatefulSourcePartition[X, S]):
    """The base of every partition of a source; its `next_batch` waits where there is nothing."""

    def next_awake(self) -> datetime:
        """Return a moment long past, whatever the wall clock says."""
        return DUE
