"""Stopping on request: signals raise a flag that sources look at."""

import os
import signal
from types import FrameType
from typing import Final

from connectors.steady_clock import SetBack

AGAIN: Final = 75  # exit code of a flow that is to be started again at once; EX_TEMPFAIL


class StopFlag:
    """A flag that SIGTERM, SIGINT or a wall clock that was set back raises.

    Called by sources before each batch. A raised flag makes every source end its input, so that
    the engine takes a last snapshot. A process whose parent died stops likewise.

    Attributes:
        raised: by a signal.
        again: the wall clock was set back: the process is to be started again.
    """

    def __init__(self, set_back: SetBack | None = None, parent: int = 0) -> None:
        """Start lowered.

        Args:
            set_back: notices a wall clock that was set back.
            parent: process to end with, as who started this one says; 0: who the parent is now.
        """
        self.raised = self.again = False
        self._set_back = set_back or SetBack()
        self._parent = parent or os.getppid()

    def __call__(self) -> bool:
        """Tell whether to stop."""
        self.again = self.again or self._set_back.noticed()
        return self.raised or self.again or os.getppid() != self._parent

    @property
    def code(self) -> int:
        """Return the exit code of a flow that has ended: 0, or `AGAIN`."""
        return AGAIN if self.again and not self.raised else 0

    def listen(self) -> "StopFlag":
        """Raise the flag on SIGTERM and SIGINT from now on."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        return self

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.raised = True
