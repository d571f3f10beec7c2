"""Peak memory of everything that was started from here."""

import psutil


class PeakMemory:
    """Samples this process, its children and theirs; shared pages count once per process."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._peak = 0
        self._me = psutil.Process()

    @property
    def peak_mb(self) -> int:
        """Return the largest sum seen, MB of resident memory."""
        return self._peak // 1_000_000

    def sample(self) -> None:
        """Measure now."""
        total = 0
        for process in (self._me, *self._me.children(recursive=True)):
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        self._peak = max(self._peak, total)
