"""The watch: how fast every topic grows, looked at every ten seconds, and what is amiss."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from api.vitals import FeedVitals, FlowVitals
from connectors.kafka.layout import BrokerUnavailable
from connectors.kafka.levels import Level
from connectors.storage.broker import BrokerNow, drift_words
from messages.topics import MARKET_BARS

log = logging.getLogger(__name__)
EVERY_S: Final = 10.0
WINDOW_S: Final = 300.0
BEHIND_S: Final = 120.0  # of a live flow's clock
STUCK_S: Final = 120.0  # of an epoch
DEAD_LETTERS: Final = ".dlq"
AWAY: Final = "does not answer: see whether it runs; it is asked again all the time."
DEAD: Final = "within five minutes: /api/system/dead-letters says why."
Severity = Literal["warning", "critical"]


class Growth(NamedTuple):
    """One topic, now.

    Attributes:
        records: facts that were ever appended, ticks left out; None while that is not known.
        newest: when the newest of them was appended, UTC.
        rate: facts per second over the last five minutes, or since the API was started; None
            before the second sample.
        grown: facts within the same time.
    """

    topic: str
    records: int | None
    newest: datetime | None
    rate: float | None
    grown: int


class Alert(NamedTuple):
    """Something that somebody should look at.

    Attributes:
        code: for programs; about: a flow, a feed or a topic.
    """

    code: str
    severity: Severity
    about: str
    detail: str


class Watch:
    """Samples in a thread of its own; a broker that is away leaves the last sample standing."""

    def __init__(
        self, read: Callable[[], dict[str, Level]], clock: Callable[[], float] = time.monotonic,
        close: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Take what reads the topics' levels, and ends that at last; `start` begins."""
        self._read, self._clock, self._close = read, clock, close
        self._samples: deque[tuple[float, dict[str, Level]]] = deque()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to sample."""
        self._thread.start()

    def stop(self) -> None:
        """Sample no more."""
        self._over.set()
        self._thread.join(EVERY_S)

    def sample(self) -> None:
        """Take one sample.

        Raises:
            BrokerUnavailable: the broker does not answer.
        """
        levels, now = self._read(), self._clock()
        with self._lock:
            self._samples.append((now, levels))
            while now - self._samples[0][0] > WINDOW_S:
                self._samples.popleft()

    def topics(self) -> Sequence[Growth]:
        """Return every topic by the newest sample; none before the first."""
        with self._lock:
            if not self._samples:
                return ()
            (began, first), (now, last) = self._samples[0], self._samples[-1]
        took, found = now - began, []
        for topic, level in last.items():
            grown = level.met - first[topic].met if topic in first else 0
            rate = grown / took if took > 0 else None
            found.append(Growth(topic, level.records, level.newest, rate, grown))
        return found

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self.sample()
            except BrokerUnavailable as error:
                log.warning("the watch waits for the broker: %s", error)
            except Exception:  # a thread that died would leave old rates standing for new ones
                log.exception("the watch looks again")
            self._over.wait(EVERY_S)
        self._close()  # here, as it may be reading still when `stop` is tired of waiting


def alerts_of(
    flows: Sequence[FlowVitals], feeds: Sequence[FeedVitals], topics: Sequence[Growth], *,
    live: bool, tailing: bool, stored: bool, silence: str | None = None,
    broker: tuple[str, BrokerNow] | None = None,
) -> list[Alert]:  # fmt: skip
    """Return what is amiss, the worst first.

    Args:
        flows: how their processes are.
        feeds: how news and bars come in.
        topics: how they grow.
        live: the wall clock is the run's clock.
        tailing: the broker answers.
        stored: the database does.
        silence: that no bars come, in words; None where they do.
        broker: name of the broker that fills orders, and how it is; None on paper.
    """
    away = [name for name, good in (("broker", tailing), ("database", stored)) if not good]
    found = [Alert(f"{name.upper()}_AWAY", "critical", name, f"The {name} {AWAY}") for name in away]
    if silence is not None:
        found.append(Alert("NO_BARS", "critical", MARKET_BARS.name, silence))
    if broker is not None:
        found += _of_broker(*broker)
    for flow in flows:
        if flow.state in ("restarting", "failed", "silent"):
            detail = f"It is {flow.state}, after {flow.restarts} restarts."
            found.append(Alert("FLOW_DOWN", "critical", flow.flow, detail))
        elif flow.state == "running" and (flow.epoch_age_s or 0) > STUCK_S:
            detail = f"Nothing was made durable for {flow.epoch_age_s:.0f} s."
            found.append(Alert("FLOW_STUCK", "critical", flow.flow, detail))
        elif live and flow.state == "running" and (flow.clock_age_s or 0) > BEHIND_S:
            detail = f"Its clock is {flow.clock_age_s:.0f} s behind."
            found.append(Alert("CLOCK_BEHIND", "warning", flow.flow, detail))
    found += [
        Alert("FEED_FAILING", "warning", feed.feed, feed.detail)
        for feed in feeds if feed.state == "failing"
    ]  # fmt: skip
    found += [
        Alert("DEAD_LETTERS", "warning", topic.topic, f"{topic.grown:,} {DEAD}")
        for topic in topics if topic.topic.endswith(DEAD_LETTERS) and topic.grown
    ]  # fmt: skip
    return sorted(found, key=lambda alert: alert.severity != "critical")


def _of_broker(name: str, now: BrokerNow) -> list[Alert]:
    """Return why entries may not go out, if they may not."""
    if now.drift is not None and now.drift.current:
        detail = f"{drift_words(now.drift)}. Entries wait until all it holds is accounted for."
        return [Alert("BROKER_DRIFT", "critical", name, detail[:1].upper() + detail[1:])]
    if now.readiness == "STREAM_DOWN":
        why = f": {now.why}" if now.why else ""
        detail = f"Nothing is heard of orders{why}. Entries wait until it is heard again."
        return [Alert("BROKER_STREAM_DOWN", "critical", name, detail)]
    if now.readiness == "NOT_RECONCILED":
        detail = "What it holds is not accounted for yet: entries wait until it is."
        return [Alert("BROKER_NOT_RECONCILED", "warning", name, detail)]
    return []
