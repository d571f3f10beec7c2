"""The signs of a run's processes and feeds, as the API asks for them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from api.vitals import FeedVitals, FlowVitals
from messages.control import FeedHealth
from messages.errors import UNDECODABLE
from stack.runtime.health import rows_of

FEED_FILES: Final = ("bars.json", "feeds.json")  # of flows/market and flows/news


def flow_vitals(run: Path, *, live: bool) -> Sequence[FlowVitals]:
    """Return how the flows of a run's directory are; live: the wall clock is its clock."""
    return [
        FlowVitals(
            flow=row.flow, state=row.state, lag=row.lag, clock=row.clock,
            clock_age_s=row.clock_age_s, epoch_age_s=row.epoch_age_s, restarts=row.restarts,
        )
        for row in rows_of(run, live=live)
    ]  # fmt: skip


def feed_vitals(run: Path) -> Sequence[FeedVitals]:
    """Return how the feeds of a run's directory are, of bars and of news; none before they told."""
    return [feed for name in FEED_FILES for feed in _told(run / "status" / name)]


def feeds_told(run: Path) -> Sequence[FeedHealth]:
    """Return the last words of a run's feeds, of bars and of news; none before they told."""
    found: list[FeedHealth] = []
    for name in FEED_FILES:
        try:
            said = (run / "status" / name).read_bytes()
            found += msgspec.json.decode(said, type=list[FeedHealth])
        except (OSError, *UNDECODABLE):
            continue
    return found


def _told(file: Path) -> list[FeedVitals]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[FeedVitals])
    except (OSError, *UNDECODABLE):
        return []
