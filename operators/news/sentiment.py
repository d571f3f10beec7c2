"""The sentiment window: what the recent news of a ticker says, and how loudly.

decay(age) = 1 up to `fresh`, then 0.5 ** ((age - fresh) / half_life); age by publication and the
market's clock (`NewsClock`).
decayed mean = sum(decay x score) / max(1, sum(decay)): fresh news counts in full, old news
among fresh counts less, and old news alone fades to nothing.
"""

from typing import NamedTuple

from msgspec import Struct

from messages.base import make_id
from messages.news import MARKET, ScoredArticle, SentimentWindow
from messages.trading import SentimentContext
from messages.units import MINUTE_US, SECOND_US, to_datetime, to_micros
from operators.blocks import Block, Event
from operators.params import SentimentParams
from operators.states import State
from operators.trading.news_clock import NewsClock
from operators.trading.sessions import SessionTable

PUBLISHED_SECONDS = (300, 3_600)


class WindowEntry(NamedTuple):
    """One article in a ticker's window; times in microseconds."""

    published: int
    stamp: int
    score: float
    confidence: float
    article_id: str
    scored_id: str
    title: str


class SentimentChanged(Struct, frozen=True, gc=False):
    """A ticker's window after an article; travels inside the flow only."""

    ticker: str
    entries: tuple[WindowEntry, ...]


def summarise(
    entries: tuple[WindowEntry, ...], at: int, params: SentimentParams, clock: NewsClock
) -> SentimentContext | None:
    """Return count, means and confidence of a window as seen at a stamp; None when empty."""
    horizon = params.lookback_minutes * MINUTE_US
    aged = [(age, e) for e in entries if (age := clock.age(e.published, at)) < horizon]
    if not aged:
        return None
    live = [e for _, e in aged]
    decays = [_decay(age, params) for age, _ in aged]
    weighted = sum(d * e.score for d, e in zip(decays, live, strict=True))
    return SentimentContext(
        count=len(live),
        mean=sum(e.score for e in live) / len(live),
        decayed_mean=weighted / max(1.0, sum(decays)),
        confidence=sum(e.confidence for e in live) / len(live),
        as_of=to_datetime(max(e.published for e in live)),
        article_ids=tuple(e.article_id for e in live),
    )


def _decay(age: int, params: SentimentParams) -> float:
    past = age - params.fresh_minutes * MINUTE_US
    if past <= 0:
        return 1.0
    return float(0.5 ** (past / (params.half_life_minutes * MINUTE_US)))


class Period(State):
    """A published period that has not ended.

    Attributes:
        end: its last moment, exclusive, microseconds.
        seconds: its length.
        entries: ticker -> the articles that came within it.
    """

    end: int
    seconds: int
    entries: dict[str, tuple[WindowEntry, ...]]


class SentimentState(State):
    """Each ticker's window, and the periods that have not ended."""

    windows: dict[str, tuple[WindowEntry, ...]]
    open: list[Period]


class SentimentWindows:
    """Keeps each ticker's window; publishes per 5 minutes and per hour.

    Near-copies count once; an article that is about other companies (`beside`) does not count.
    """

    def __init__(
        self, params: SentimentParams, sessions: SessionTable, state: SentimentState | None = None
    ) -> None:
        """Start empty or from a snapshot."""
        self._params, self._clock = params, NewsClock(params, sessions)
        self._windows: dict[str, tuple[WindowEntry, ...]] = dict(state.windows if state else {})
        # (end, seconds) -> ticker -> entries of that period
        self._open: dict[tuple[int, int], dict[str, tuple[WindowEntry, ...]]] = {
            (period.end, period.seconds): dict(period.entries)
            for period in (state.open if state else ())
        }

    def step(self, block: Block) -> Block:
        """Pass everything on; add windows at their ends and the new window after each article."""
        if not self._open and not any(type(e.body) is ScoredArticle for e in block.events):
            return block  # as nearly always: bars, and no period to close
        out: list[Event] = []
        for event in block.events:
            self._close(event.stamp, out)
            out.append(event)
            if isinstance(event.body, ScoredArticle):
                self._take(event.stamp, event.body, out)
        self._close(block.frontier if block.ended else block.frontier - 1, out)
        return Block(out, block.frontier, block.ended)

    def snapshot(self) -> SentimentState:
        """Return the windows and the open periods."""
        periods = [
            Period(end=end, seconds=seconds, entries=dict(entries))
            for (end, seconds), entries in self._open.items()
        ]
        return SentimentState(windows=dict(self._windows), open=periods)

    def _take(self, stamp: int, article: ScoredArticle, out: list[Event]) -> None:
        published = to_micros(article.published_at)
        if (
            article.undated
            or article.about == "beside"
            or published > stamp + self._params.future_seconds * SECOND_US
        ):
            return
        title = " ".join(
            "".join(c if c.isalnum() else " " for c in article.title.casefold()).split()
        )
        entry = WindowEntry(
            published, stamp, article.sentiment_score, article.confidence,
            article.article_id, article.id, title,
        )  # fmt: skip
        horizon, age = self._params.lookback_minutes * MINUTE_US, self._clock.age
        kept = tuple(
            e
            for e in self._windows.get(article.ticker, ())
            if age(e.published, stamp) < horizon and e.article_id != article.article_id
        )
        if age(published, stamp) >= horizon or any(e.title == title for e in kept):
            return
        window = (*kept, entry)[-self._params.max_articles :]
        self._windows[article.ticker] = window
        for seconds in PUBLISHED_SECONDS:
            length = seconds * SECOND_US
            end = stamp - stamp % length + length
            period = self._open.setdefault((end, seconds), {})
            period[article.ticker] = (*period.get(article.ticker, ()), entry)
        if article.ticker != MARKET:
            out.append(Event(stamp, article.ticker, SentimentChanged(article.ticker, window)))

    def _close(self, stamp: int, out: list[Event]) -> None:
        while self._open and (due := min(self._open))[0] <= stamp:
            end, seconds = due
            for ticker, entries in sorted(self._open.pop(due).items()):
                out.append(Event(end, ticker, self._window(ticker, entries, end, seconds)))

    def _window(
        self, ticker: str, entries: tuple[WindowEntry, ...], end: int, seconds: int
    ) -> SentimentWindow:
        now = summarise(self._windows.get(ticker, ()), end, self._params, self._clock)
        return SentimentWindow(
            id=make_id("win", ticker, end, seconds),
            causes=tuple(e.scored_id for e in entries),
            event_time=to_datetime(end),
            ticker=ticker,
            start=to_datetime(end - seconds * SECOND_US),
            seconds=seconds,
            count=len(entries),
            mean=sum(e.score for e in entries) / len(entries),
            decayed_mean=now.decayed_mean if now else 0.0,
            confidence=sum(e.confidence for e in entries) / len(entries),
            article_ids=tuple(e.article_id for e in entries),
        )
