"""What the engine carries from step to step: a block, and what keeps or restores the states.

Operators see blocks only. The envelope is opened and closed by the engine's steps.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from operators.blocks import Block
from operators.states import StateUnreadable, advised

SHARD: Final = "0"  # the key of a source that is one partition
SINK: Final = "topics"  # the sink's step id, beside which its state stands in an origin


class Barrier(NamedTuple):
    """A place in the log at which a shard's whole state is kept: right after a session's close.

    Attributes:
        boundary: every event before it is in the state, none at or after it.
        source: the source's encoded state at this place.
        steps: step id -> the encoded state of each step passed so far.
    """

    boundary: int
    source: bytes
    steps: Mapping[str, bytes]

    def with_step(self, step_id: str, state: bytes) -> "Barrier":
        """Return the barrier with one more step's state."""
        return self._replace(steps={**self.steps, step_id: state})


class Envelope(NamedTuple):
    """One block on its way through a flow.

    Attributes:
        block: what the operators see.
        barrier: the shard's state is to be kept as it is after this block.
        origin: step id -> encoded state to start from; on the first envelope of a shard that
            starts from a checkpoint. Its block is empty.
    """

    block: Block
    barrier: Barrier | None = None
    origin: Mapping[str, bytes] | None = None

    def state_of(self, step_id: str) -> bytes:
        """Return a step's state in `origin`.

        Raises:
            StateUnreadable: the checkpoint has none of this step.
        """
        try:
            return (self.origin or {})[step_id]
        except KeyError:
            raise StateUnreadable(advised(f"it has no step {step_id}")) from None
