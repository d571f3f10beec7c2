"""Admission: rows of a feed become facts of the log, stamped, or dead letters with a reason.

The clock is the input's own time: a bar is known at its end, an article when it was published
(or fetched, if later). A row's stamp is the running maximum of these, so the log never steps
back. A row that says it is from after `horizon` is refused before it can move the clock.
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from messages.addresses import canonical_url
from messages.base import MAX_PAYLOAD, Ticker, make_id
from messages.codec import Unreadable, encode, validate
from messages.control import DeadLetter
from messages.market import INTERVALS, Bar, bar_id
from messages.news import MAX_CONTENT, RawArticle, article_id, content_hash
from messages.units import HOUR_US, to_datetime, to_micros
from operators.blocks import Block, Event
from operators.states import State

REMEMBERED = 20_000  # articles of a live run
BEGINNING = 200  # characters of a text that stand for its title
NO_CHARACTER = re.compile("[\x00\ud800-\udfff]")
MAX_RECORD = 900_000  # bytes; the broker takes no record over a megabyte


class InputRow(Struct, frozen=True, gc=False):
    """One row of a feed as it came.

    Attributes:
        number: in the feed.
        values: fields; None where there are none.
        raw: bytes; empty where fields tell all.
        refusal: reason code and detail of what its reader found wrong with it.
    """

    number: int
    values: dict[str, Any] | None
    raw: bytes = b""
    refusal: tuple[str, str] | None = None


class BarsState(State):
    """The clock of the bars let in, microseconds."""

    clock: int


class ArticlesState(State):
    """What is remembered of the articles let in.

    Attributes:
        clock: microseconds.
        hashes: of articles and their texts, the oldest first.
        revisions: article id -> its last revision, the oldest first.
        guids: article id and source -> guid of the first item there, the oldest first.
    """

    clock: int
    hashes: list[str]
    revisions: dict[str, int]
    guids: dict[str, str]


class Admission(ABC):
    """The clock, the refusals and the end of one feed; what a row means is `_admit`'s business."""

    feed = ""

    def __init__(self, horizon: int, clock: int = 0) -> None:
        """Start at a clock, 0 for the beginning of time; horizon in microseconds."""
        self._horizon = horizon
        self._clock = clock

    def step(self, block: Block) -> Block:
        """Turn rows into events; the frontier becomes the clock, the end the next full hour."""
        out: list[Event] = []
        for event in block.events:
            assert isinstance(event.body, InputRow)
            try:
                _check(event.body)
                self._admit(event.body, out)
            except Unreadable as refusal:
                out.append(self._refuse(event.body, refusal))
            except (OverflowError, UnicodeEncodeError) as error:
                # A time beyond the calendar, or half a surrogate pair.
                out.append(self._refuse(event.body, Unreadable("MALFORMED", str(error)[:200])))
        frontier = self._clock
        if block.ended:
            frontier = self._clock - self._clock % HOUR_US + HOUR_US
        return Block(out, frontier, block.ended)

    @abstractmethod
    def snapshot(self) -> State:
        """Return the clock, and what else is remembered."""

    @abstractmethod
    def _admit(self, row: InputRow, out: list[Event]) -> None:
        """Append the fact that a row states, or raise `Unreadable` with the reason."""

    def _stamp(self, known: datetime) -> int:
        at = to_micros(known)
        if at > self._horizon:
            reason = f"known at {known:%Y-%m-%d %H:%M}, after the run began"
            raise Unreadable("FUTURE", reason)
        self._clock = max(self._clock, at)
        return self._clock

    def _refuse(self, row: InputRow, refusal: Unreadable) -> Event:
        payload = row.raw or _json(row.values)
        letter = DeadLetter(
            id=make_id("dlq", self.feed, row.number),
            event_time=to_datetime(self._clock),
            reason=refusal.reason,
            detail=refusal.detail,
            topic=self.feed,
            partition=-1,
            offset=row.number,
            payload=payload[:MAX_PAYLOAD],
            size=len(payload),
        )
        return Event(self._clock, self.feed, letter)


class AdmitBars(Admission):
    """Rows with ticker, timestamp, open, high, low, close, volume become bars.

    A bar is known at its `end`, without one at its start and the interval.
    """

    feed = "market.feed"

    def __init__(
        self, horizon: int, interval: str, source: str, state: BarsState | None = None
    ) -> None:
        """Take bars of one interval from one source."""
        super().__init__(horizon, state.clock if state else 0)
        self._interval = interval
        self._source = source
        self._length = INTERVALS[interval]

    def snapshot(self) -> State:
        """Return the clock."""
        return BarsState(clock=self._clock)

    def _admit(self, row: InputRow, out: list[Event]) -> None:
        values = _fields(row)
        start, ticker = values.get("timestamp", values.get("ts")), values.get("ticker")
        if not isinstance(start, datetime) or start.tzinfo is None:
            raise Unreadable("MALFORMED", "timestamp: Input should be a time with a zone")
        start = start.astimezone(UTC)
        bar = validate(
            Bar,
            {
                "id": bar_id(str(ticker), start, self._interval),
                "event_time": values.get("end", start + self._length),
                "ticker": ticker,
                "start": start,
                "interval": self._interval,
                "source": self._source,
                **{name: values.get(name) for name in ("open", "high", "low", "close", "volume")},
                **self._beside(values, str(ticker), start),
            },
        )
        out.append(Event(self._stamp(bar.event_time), bar.ticker, bar))

    def _beside(self, _values: dict[str, Any], _ticker: str, _start: datetime) -> dict[str, Any]:
        """Return a bar's other fields: of a recorded one, none."""
        return {}


class AdmitArticles(Admission):
    """Rows with source, url, title, content, published_at and tickers become articles.

    A row may have a guid: items of one source with one link and guids of their own are articles of
    their own. An article's title, text and `version` seen before are a DUPLICATE; the same id with
    new ones is a revision.
    """

    feed = "news.feed"

    def __init__(
        self, horizon: int, state: ArticlesState | None = None, *, live: bool = False,
        repeated: Callable[[str], None] = lambda _source: None,
    ) -> None:  # fmt: skip
        """Start without a memory or from a snapshot.

        Live, an article is stamped with its block's time, feeds repeat themselves all the time,
        which is no news but told to `repeated` with the source's name, and what was seen long ago
        is forgotten.
        """
        super().__init__(horizon, state.clock if state else 0)
        self._live, self._repeated = live, repeated
        self._hashes: dict[str, None] = dict.fromkeys(state.hashes if state else ())
        self._revisions: dict[str, int] = dict(state.revisions if state else {})
        self._guids: dict[str, str] = dict(state.guids if state else {})

    def step(self, block: Block) -> Block:
        """Turn rows into articles."""
        if not self._live:
            return super().step(block)
        self._clock = max(self._clock, block.frontier)
        return super().step(block)

    def snapshot(self) -> ArticlesState:
        """Return the clock and what was seen."""
        return ArticlesState(
            clock=self._clock, hashes=list(self._hashes), revisions=dict(self._revisions),
            guids=dict(self._guids),
        )  # fmt: skip

    def _admit(self, row: InputRow, out: list[Event]) -> None:
        values = _fields(row)
        source, url, title = (_text(values, n) for n in ("source", "url", "title"))
        content = _text(values, "content")
        # What has no title is known by how it begins, as everywhere else.
        title = title or " ".join(content[:BEGINNING].split())
        if len(content) > MAX_CONTENT or len(row.raw) > 4 * MAX_CONTENT:
            raise Unreadable("TOO_LARGE", f"content: {max(len(content), len(row.raw))} characters")
        guid, version = (str(values.get(n) or "") for n in ("guid", "version"))
        guid = canonical_url(guid) if "://" in guid else guid
        article, first = self._named(source, url, title, guid)
        said = "\x1f".join((article, title, content, version))
        seen = sha256(said.encode()).hexdigest()
        if seen in self._hashes:
            if self._live:
                self._hashes[seen] = self._hashes.pop(seen)
                self._repeated(source)
                return
            raise Unreadable("DUPLICATE", f"article {article}: the same title and text came before")
        message = validate(
            RawArticle,
            {
                "id": article,
                "event_time": values.get("published_at"),
                "source": source,
                "url": url,
                "title": title,
                "content": content,
                "symbols": _tickers(values.get("tickers") or values.get("symbols")),
                "published_at": values.get("published_at"),
                "fetched_at": values.get("fetched_at", values.get("published_at")),
                "content_hash": content_hash(url, title),
                "revision": self._revisions.get(article, -1) + 1,
                "undated": bool(values.get("undated", False)),
            },
        )
        if (size := len(encode(message))) > MAX_RECORD:
            raise Unreadable("TOO_LARGE", f"{size} bytes as a record")
        known = max(message.published_at, message.fetched_at)
        stamp = self._clock if self._live else self._stamp(known)
        self._hashes[seen] = None
        if first:
            self._guids[first] = guid
        self._revisions.pop(article, None)
        self._revisions[article] = message.revision
        if self._live:
            self._forget()
        out.append(Event(stamp, article, message))

    def _named(self, source: str, url: str, title: str, guid: str) -> tuple[str, str]:
        """Return an article's id, and the key of `guids` where it is the first of its link.

        The first item of a source with a link is named by the link alone, as the story is in other
        feeds; whatever shares the link under another guid is named by both.
        """
        if not (url and guid):
            return article_id(source, url, title, guid), ""
        shared, own = article_id(source, url, title), article_id(source, url, title, guid)
        if own in self._revisions:
            return own, ""
        place = f"{shared}\x1f{source}"
        first = self._guids.pop(place, None)
        if first is None:
            return shared, place
        self._guids[place] = first
        return (shared if first == guid else own), ""

    def _forget(self) -> None:
        """Keep what was seen last: a snapshot must stay small, and feeds list recent news."""
        for known in (self._hashes, self._revisions, self._guids):
            while len(known) > REMEMBERED:
                del known[next(iter(known))]


def _check(row: InputRow) -> None:
    if row.refusal is not None:
        raise Unreadable(*row.refusal)


def _fields(row: InputRow) -> dict[str, Any]:
    if row.values is None:
        raise Unreadable("MALFORMED", "the row is not a JSON object")
    return row.values


def _text(values: dict[str, Any], name: str) -> str:
    """Return a text; one that is missing is empty, a character that is none is U+FFFD."""
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise Unreadable("MALFORMED", f"{name}: Input should be a text")
    return NO_CHARACTER.sub("\ufffd", value or "")


def _tickers(values: Any) -> tuple[str, ...]:
    """Return what of a list is a ticker: a value that is none costs nothing but itself."""
    found = []
    for value in values if isinstance(values, list | tuple) else ():
        try:
            found.append(msgspec.convert(value, Ticker))
        except msgspec.ValidationError:
            continue
    return tuple(found)


def _json(values: dict[str, Any] | None) -> bytes:
    return json.dumps(values, default=str, sort_keys=True).encode()
