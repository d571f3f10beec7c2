"""Stopping on request: SIGTERM and SIGINT raise a flag that sources look at."""

import os
import signal
from types import FrameType


class StopFlag:
    """A flag that a signal raises; called by sources before each batch.

    A raised flag makes every source end its input, so that the engine takes a last snapshot
    and the process exits with 0. A process whose parent died stops likewise.
    """

    def __init__(self) -> None:
        """Start lowered."""
        self.raised = False
        self._parent = os.getppid()

    def __call__(self) -> bool:
        """Tell whether to stop."""
        return self.raised or os.getppid() != self._parent

    def listen(self) -> "StopFlag":
        """Raise the flag on SIGTERM and SIGINT from now on."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        return self

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.raised = True
