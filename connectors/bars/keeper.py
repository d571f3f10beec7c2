"""Keeps a stream of bars and their history, on threads of its own, and gives rows in order."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from queue import Empty, PriorityQueue, SimpleQueue
from typing import Final, NamedTuple

from connectors.bars.interests import Interests
from connectors.bars.order import BarOrder, BarRow, Gap
from connectors.broker.base import MarketData, MarketEvent
from connectors.broker.errors import BrokerError
from connectors.broker.values import MarketBar, StreamState, TradingStatus
from connectors.draining import drained
from connectors.feed.failures import FeedFailed
from connectors.feed.health import FeedRegistry, with_jitter
from connectors.kafka.bell import Bell
from connectors.market.silence import BARS_FEED
from messages.market import INTERVALS

log = logging.getLogger(__name__)
TAKE_S: Final = 0.2
SHORT: Final = timedelta(days=2)  # gaps that are asked for together
AT_ONCE: Final = 5  # tickers whose long history is asked for together


def now_utc() -> datetime:
    """Return the wall clock."""
    return datetime.now(UTC)


class Patience(NamedTuple):
    """How patient a keeper is.

    Attributes:
        follow_s: between two looks at what is to be followed, seconds.
        again_s, again_most_s: before history is asked again after a failure, from and up to.
        late: so long after its end a live bar waits for a history that fails; less than an entry
            takes it for history then.
    """

    follow_s: float = 2.0
    again_s: float = 1.0
    again_most_s: float = 30.0
    late: timedelta = timedelta(seconds=15)


PATIENCE: Final = Patience()


class _BarsFeed(NamedTuple):
    """The stream as the registry of feeds knows it; it connects again by itself."""

    name: str = BARS_FEED
    interval_s: float = 1.0
    max_back_off_s: float = 30.0


class BarKeeper:
    """Follows what interests, and puts rows down for whoever takes them.

    Attributes:
        rows: what came, in the order in which it may be let in: bars, and halts.
    """

    def __init__(
        self, data: MarketData, interests: Interests, order: BarOrder, registry: FeedRegistry,
        bell: Bell, *, now: Callable[[], datetime] = now_utc, patience: Patience = PATIENCE,
        ended: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Start.

        Args:
            data: where bars come from.
            interests: which tickers.
            order: with the newest bars that were given.
            registry: of the feeds' health; knows `BARS_FEED`.
            bell: rung when rows were put down.
            now: the time, UTC.
            patience: see there.
            ended: called when it was closed and asks for nothing any more.
        """
        self.rows: SimpleQueue[list[BarRow | TradingStatus]] = SimpleQueue()
        self._data, self._interests, self._order = data, interests, order
        self._registry, self._bell, self._now, self._patience = registry, bell, now, patience
        self._closed, self._ended = threading.Event(), ended
        self._history = _History(data, self._closed, patience)
        threading.Thread(target=self._run, name="bars-stream", daemon=True).start()
        threading.Thread(target=self._history.run, name="bars-history", daemon=True).start()

    @property
    def closed(self) -> threading.Event:
        """Return what is set at the end."""
        return self._closed

    def close(self) -> None:
        """Have the threads end; nobody waits for them."""
        self._closed.set()

    def _run(self) -> None:
        """Keep the stream until closed, whatever goes wrong."""
        while not self._closed.is_set():
            try:
                with self._data.market() as stream:
                    while not self._closed.is_set():
                        wanted = self._interests.tickers(self._now())
                        if self._order.followed != frozenset(wanted):
                            log.info("following bars of %s", " ".join(wanted) or "nothing")
                            stream.follow(frozenset(wanted))
                        self._order.follow(wanted, self._now())
                        self._for_a_while(stream.take)
            except Exception as error:
                log.exception("the bars begin again")
                self._failed("UNEXPECTED", f"{type(error).__name__}: {error}")
                self._order.follow((), self._now())
            self._closed.wait(self._patience.again_s)
        self._ended()

    def _for_a_while(self, take: Callable[[float], list[MarketEvent]]) -> None:
        """Take what comes until it is time to look again at what is to be followed."""
        looks = max(1, round(self._patience.follow_s / TAKE_S))
        for _ in range(looks):
            if self._closed.is_set():
                return
            self._put(self._told(take(min(TAKE_S, self._patience.follow_s))))
            self._put(self._from_history())

    def _told(self, events: Sequence[MarketEvent]) -> list[BarRow | TradingStatus]:
        rows: list[BarRow | TradingStatus] = []
        ends = []
        for event in events:
            if isinstance(event, MarketBar):
                rows += self._order.told(event)
                ends.append({"published_at": event.start + INTERVALS[event.interval]})
            elif isinstance(event, TradingStatus):
                rows.append(event)
            elif isinstance(event, StreamState):
                if event.up:
                    self._order.interrupted(self._now())
                    self._registry.succeeded(BARS_FEED, [])
                else:
                    self._failed("STREAM_DOWN", event.reason)
        if ends:
            self._registry.succeeded(BARS_FEED, ends)
        return rows

    def _from_history(self) -> list[BarRow]:
        """Ask for what is missing, and take what was answered."""
        rows: list[BarRow] = []
        for gaps, answer in self._history.answers():
            if isinstance(answer, str):
                self._failed("HISTORY", answer)
                continue
            for gap in gaps:
                rows += self._order.filled(gap, answer.get(gap.ticker, ()))
        self._order.unanswered(self._history.due())
        if failing := self._history.failing:
            late = self._now() - self._patience.late
            rows += self._order.impatient(late, self._interests.held, failing)
        asked = self._order.gaps(self._now())
        for gap in asked:
            if gap.since >= gap.until:
                rows += self._order.filled(gap, ())
        self._history.ask([gap for gap in asked if gap.since < gap.until])
        return rows

    def _failed(self, code: str, reason: str) -> None:
        self._registry.failed(_BarsFeed(), FeedFailed(code, reason))

    def _put(self, rows: Sequence[BarRow | TradingStatus]) -> None:
        if rows:
            self.rows.put(list(rows))
            self._bell.ring()


Answer = tuple[Sequence[Gap], dict[str, list[MarketBar]] | str]


class _History:
    """Asks for history, one question after the other; the connector keeps to the rate.

    Where nothing came of a question about some tickers, each is asked about alone: one that the
    other side does not like must not keep the others from theirs.
    """

    def __init__(self, data: MarketData, closed: threading.Event, patience: Patience) -> None:
        self._data, self._closed, self._patience = data, closed, patience
        self._asked: PriorityQueue[tuple[bool, int, Sequence[Gap]]] = PriorityQueue()
        self._answered: SimpleQueue[Answer] = SimpleQueue()
        self._numbers = count()
        self._failures: dict[str, int] = {}  # ticker -> questions in a row
        self._again: list[tuple[float, Sequence[Gap]]] = []

    @property
    def failing(self) -> Collection[str]:
        """Return the tickers whose last question came to nothing."""
        return self._failures.keys()

    def ask(self, gaps: Sequence[Gap]) -> None:
        """Ask for gaps: short ones before all others, which are asked some tickers at a time."""
        alone = [gap for gap in gaps if gap.ticker in self._failures]
        rest = [gap for gap in gaps if gap.ticker not in self._failures]
        short = [gap for gap in rest if gap.until - gap.since < SHORT]
        long = [gap for gap in rest if gap.until - gap.since >= SHORT]
        parts = [[gap] for gap in alone]
        parts += [long[n : n + AT_ONCE] for n in range(0, len(long), AT_ONCE)]
        if short:
            self._asked.put((False, next(self._numbers), short))
        for part in parts:
            self._asked.put((True, next(self._numbers), part))

    def answers(self) -> list[Answer]:
        """Return what came since the last look: bars by ticker, or why there are none."""
        found = drained(self._answered)
        for gaps, answer in found:
            if isinstance(answer, str):
                self._again.append((time.monotonic() + self._failed(gaps), gaps))
            else:
                for gap in gaps:
                    self._failures.pop(gap.ticker, None)
        return found

    def due(self) -> list[Gap]:
        """Return the gaps that were asked for in vain and may be asked for again now."""
        now = time.monotonic()
        found = [gap for at, gaps in self._again if at <= now for gap in gaps]
        self._again = [(at, gaps) for at, gaps in self._again if at > now]
        return found

    def run(self) -> None:
        """Answer until closed."""
        while not self._closed.is_set():
            try:
                _, _, gaps = self._asked.get(timeout=TAKE_S)
            except Empty:
                continue
            self._answered.put((gaps, self._answer(gaps)))

    def _failed(self, gaps: Sequence[Gap]) -> float:
        """Note a failure; returns the seconds to wait, doubled each time."""
        for gap in gaps:
            self._failures[gap.ticker] = self._failures.get(gap.ticker, 0) + 1
        most = max(self._failures[gap.ticker] for gap in gaps)
        wait = self._patience.again_s * 2.0 ** min(most - 1, 10)
        return with_jitter(min(self._patience.again_most_s, wait))

    def _answer(self, gaps: Sequence[Gap]) -> dict[str, list[MarketBar]] | str:
        since, until = min(gap.since for gap in gaps), max(gap.until for gap in gaps)
        found: dict[str, list[MarketBar]] = {}
        try:
            for bar in self._data.history([gap.ticker for gap in gaps], "1m", since, until):
                found.setdefault(bar.ticker, []).append(bar)
        except BrokerError as error:
            log.warning("no history of bars: %s", error)
            return str(error)
        except Exception as error:
            log.exception("no history of bars")
            return f"{type(error).__name__}: {error}"
        return found
