"""A job: a task that was asked for, and how far it is."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from api.jobs.tasks import Task
from messages.requests import Moment

Status = Literal["queued", "running", "finished", "failed", "cancelled"]


class Job(Struct, kw_only=True, forbid_unknown_fields=True):
    """A task on its way.

    Attributes:
        who: asked for it.
        done, total: bars; total 0 while it is not known.
        error: why it failed, in its process's own words.
        result: what its process wrote; of a backtest the id under which it is stored.
    """

    id: str
    task: Task
    who: str
    requested_at: Moment
    status: Status = "queued"
    started_at: Moment | None = None
    finished_at: Moment | None = None
    done: int = 0
    total: int = 0
    error: str = ""
    result: Any = None

    @property
    def over(self) -> bool:
        """Tell whether nothing more comes of it."""
        return self.status not in ("queued", "running")

    def eta_seconds(self, now: datetime) -> float | None:
        """Return how long it still takes at the pace so far; None where that is not known."""
        if self.status != "running" or not self.done or not self.total or self.started_at is None:
            return None
        took = (now - self.started_at).total_seconds()
        return max(0.0, took * (self.total - self.done) / self.done)
