"""A live stack on a moved clock, taken in hand by its commands."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.moved_clock import MovedClock
from tests.waiting import pause


class LiveStack:
    """What a test does to a stack; nothing is started here.

    Attributes:
        clock: of every process of it.
        env: of its commands.
    """

    def __init__(self, home: Path, clock: MovedClock, **settings: str) -> None:
        """Take its home, its clock and its settings, as environment variables have them."""
        self.clock = clock
        self.env = {**os.environ, **clock.environment, "TIDEWIRE_HOME": str(home), **settings}

    def tidewire(self, *arguments: str) -> tuple[int, str]:
        """Run a command; returns its exit code and what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "stack.cli", *arguments], env=self.env, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def flows(self) -> list[dict[str, Any]]:
        """Return how the flows are."""
        return list(json.loads(self.tidewire("status", "--json")[1])["flows"])

    def wait_until(self, moment: datetime) -> None:
        """Wait for a moment of the moved clock."""
        while self.clock.now() < moment:
            pause(0.01)

    def down(self) -> None:
        """Stop it, whatever happened, and let its clock go."""
        self.clock.run(1)
        self.tidewire("down")
        self.clock.close()
