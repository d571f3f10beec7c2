"""How the feeds are, kept for whoever asks, and told on feeds.health every few seconds."""

import random
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import msgspec
from confluent_kafka import Producer

from connectors.changes import Changes
from connectors.feed.base import Named, Values
from connectors.feed.failures import FeedFailed
from connectors.files import write_whole
from connectors.kafka.headers import RUN, STAMP
from connectors.kafka.layout import Layout
from connectors.telemetry import FEED_DELAY_SECONDS, FETCH_ERRORS, FETCHED, watch_feeds
from messages.base import make_id
from messages.codec import encode
from messages.control import FeedHealth
from messages.errors import UNDECODABLE
from messages.topics import FEEDS_HEALTH

TELL_S: Final = 5.0
JITTER: Final = 0.1
DICE: Final = random.Random()  # noqa: S311  # no secret; not the one that others seed


@dataclass(slots=True)
class FeedStatus:
    """How one feed is; the fields are those of `FeedHealth`.

    Attributes:
        failures: in a row.
    """

    state: Literal["healthy", "failing", "waiting"] = "waiting"
    last_success: datetime | None = None
    last_item: datetime | None = None
    entries: int = 0
    errors: int = 0
    failures: int = 0
    back_off_s: float = 0.0
    detail: str = ""
    failing_since: datetime | None = None


class FeedRegistry:
    """The status of every feed; told by their threads, asked from any."""

    def __init__(self, names: Iterable[str]) -> None:
        """Start with feeds that wait for their first look."""
        self._lock = threading.Lock()
        self.feeds = {name: FeedStatus() for name in names}

    def succeeded(self, name: str, fresh: list[Values]) -> float:
        """Note entries that were not given before; returns by how much to back off: nothing."""
        now = datetime.now(UTC)
        with self._lock:
            feed = self.feeds[name]
            feed.state, feed.last_success, feed.detail = "healthy", now, ""
            feed.failures, feed.back_off_s, feed.failing_since = 0, 0.0, None
            feed.entries += len(fresh)
            times = [r["published_at"] for r in fresh if not r.get("undated")]
            feed.last_item = max((t for t in (*times, feed.last_item) if t), default=None)
        if fresh:
            FETCHED.add(len(fresh), {"feed": name})
        for moment in times:
            FEED_DELAY_SECONDS.record(max(0.0, (now - moment).total_seconds()), {"feed": name})
        return 0.0

    def failed(self, feed: Named, failure: FeedFailed) -> float:
        """Note a failure; returns the seconds to wait beyond the interval, doubled each time."""
        with self._lock:
            status = self.feeds[feed.name]
            status.errors += 1
            status.failing_since = status.failing_since or datetime.now(UTC)
            doubled = feed.interval_s * 2.0 ** min(status.failures, 20)
            wait = max(min(feed.max_back_off_s, doubled), failure.retry_after_s)
            status.failures += 1
            status.state, status.detail = "failing", str(failure)[:500]
            status.back_off_s = round(wait, 3)
        FETCH_ERRORS.add(1, {"feed": feed.name, "reason": failure.reason})
        return wait

    def health(self, run_id: str) -> list[FeedHealth]:
        """Return every feed's health as it is now."""
        now = datetime.now(UTC)
        with self._lock:
            return [
                FeedHealth(
                    id=make_id("hea", run_id, "feed", name, now.isoformat()), event_time=now,
                    feed=name, state=f.state, last_success=f.last_success, last_item=f.last_item,
                    entries=f.entries, errors=f.errors, back_off_s=f.back_off_s, detail=f.detail,
                    failing_since=f.failing_since,
                )
                for name, f in self.feeds.items()
            ]  # fmt: skip

    def recall(self, file: Path) -> None:
        """Take over since when feeds have failed from what an earlier process told in a file."""
        try:
            told = msgspec.json.decode(file.read_bytes(), type=list[FeedHealth])
        except (OSError, *UNDECODABLE):
            return
        with self._lock:
            for before in told:
                if before.feed in self.feeds and before.state != "healthy":
                    self.feeds[before.feed].failing_since = before.failing_since

    def gauges(self) -> Iterable[tuple[str, str, float]]:
        """Return what metrics show: gauge, feed and value; nothing of what is not known yet."""
        with self._lock:
            for name, feed in self.feeds.items():
                yield "back_off", name, feed.back_off_s
                if feed.last_success is not None:
                    yield "last_success", name, feed.last_success.timestamp()
                if feed.last_item is not None:
                    yield "last_item", name, feed.last_item.timestamp()

    def keep_telling(self, layout: Layout, file: Path) -> None:
        """Publish on feeds.health and write a file for `tidewire feeds`, from a daemon thread.

        The file is written each time; the topic has what changed, and every feed once a minute.
        """
        self.recall(file)
        watch_feeds(lambda: list(self.gauges()))
        producer = Producer(layout.access.settings({"log_level": 2}))

        changes = Changes()

        def tell() -> None:
            while True:
                told = self.health(layout.run_id)
                for health in told:
                    what = (health.state, health.detail, health.entries)
                    if not changes.worth_telling(health.feed, what):
                        continue
                    producer.produce(
                        layout.name(FEEDS_HEALTH), encode(health), health.feed.encode(), 0,
                        headers=[
                            (STAMP, b"%d" % (time.time_ns() // 1_000)),
                            (RUN, layout.run_id.encode()),
                        ],
                    )  # fmt: skip
                producer.poll(0)
                listed = b"[" + b",".join(map(encode, told)) + b"]"
                write_whole(file, listed, durable=False)
                time.sleep(TELL_S)

        threading.Thread(target=tell, name="feeds-health", daemon=True).start()


def with_jitter(seconds: float) -> float:
    """Return a time up to a tenth longer, so that many readers do not come at once."""
    return seconds * (1 + DICE.random() * JITTER)
