"""What the API is told of a run's processes and feeds, by whoever starts it."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from messages.requests import Moment

FlowState = Literal["running", "restarting", "ended", "failed", "silent"]


class FlowVitals(Struct, frozen=True, kw_only=True):
    """How one flow's process is.

    Attributes:
        state: `silent` where it has said nothing for ten seconds.
        lag: records that it has not read yet.
        clock: the time of its log, UTC; None before the first record.
        clock_age_s: wall clock less that; None in simulated time, where it means nothing.
        epoch_age_s: since everything was last durable, seconds.
        restarts: since the run was started.
    """

    flow: str
    state: str
    lag: int = 0
    clock: datetime | None = None
    clock_age_s: float | None = None
    epoch_age_s: float | None = None
    restarts: int = 0


class FeedVitals(Struct, frozen=True, kw_only=True):
    """How one feed of news or bars is, as it says itself; see `messages.control.FeedHealth`."""

    feed: str
    state: str
    last_success: Moment | None = None
    last_item: Moment | None = None
    entries: int = 0
    errors: int = 0
    detail: str = ""
