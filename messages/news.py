"""News facts: an article as fetched, its score for one ticker, and windows of scores."""

import re
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from msgspec import Meta

from messages.base import Message, Score, SmallCount, Ticker, Unit, make_id

MARKET: Final = "_market"
MAX_TITLE: Final = 2_000
MAX_CONTENT: Final = 262_144
TAIL: Final = re.compile(r"[\s/]+\Z")
TRACKING: Final = ("utm_", "fbclid", "gclid", "siteid", "yptr", "ref_src")

Text = Annotated[str, Meta(max_length=2_048)]
Subject = Annotated[str, Meta(pattern=r"^(_market|[A-Z0-9][A-Z0-9.\-]{0,11})\Z")]


class RawArticle(Message, frozen=True, kw_only=True, gc=False):
    """An article as a feed gave it.

    Attributes:
        symbols: tickers named by the feed itself; empty where it names none.
        published_at: the feed's own time, UTC; fetched_at where the entry has none.
        fetched_at: when we first saw it, UTC.
        content_hash: SHA-256 of url + title, the duplicate key.
        revision: 0 first; the same id with another content_hash raises it by one.
        undated: the feed gave no time; such news never trades.
    """

    source: Annotated[str, Meta(min_length=1, max_length=200)]
    url: Text
    title: Annotated[str, Meta(min_length=1, max_length=MAX_TITLE)]
    content: Annotated[str, Meta(max_length=MAX_CONTENT)] = ""
    symbols: tuple[Ticker, ...] = ()
    published_at: datetime
    fetched_at: datetime
    content_hash: Annotated[str, Meta(min_length=64, max_length=64)]
    revision: SmallCount = 0
    undated: bool = False

    def problem(self) -> str | None:
        """Return WRONG_HASH or None."""
        if self.content_hash != content_hash(self.url, self.title):
            return "WRONG_HASH"
        return None


class ScoredArticle(Message, frozen=True, kw_only=True, gc=False):
    """What one model made of one article, for one ticker (`_market` when none is named).

    Attributes:
        sentiment_score: -1 (bad news) to 1 (good news).
        confidence: 0 to 1.
        model_used: name, revision and prompt hash, joined by `/`.
        entities: whom the text is about, by the model's account.
        revision: of the score: 0 first, raised by a rescore.
        fallback: why a better model did not answer, such as OLLAMA_TIMEOUT; empty if it did,
            or was not needed.
        undated: taken over from the article; such news never trades.
    """

    article_id: str
    article_revision: SmallCount
    source: str
    url: str
    title: str
    published_at: datetime
    ticker: Subject
    sentiment_score: Score
    confidence: Unit
    model_used: str
    entities: tuple[str, ...] = ()
    reasoning: str = ""
    undated: bool = False
    revision: SmallCount = 0
    fallback: str = ""


class SentimentWindow(Message, frozen=True, kw_only=True, gc=False):
    """The scores of one ticker in one closed interval, published at its end.

    Attributes:
        start: beginning of the interval, UTC; event_time is its end.
        seconds: its length: 300 or 3600.
        mean: plain mean of the interval's scores, -1..1.
        decayed_mean: the ticker's decayed mean at the end, over the whole look-back.
        confidence: mean confidence, 0..1.
    """

    ticker: Subject
    start: datetime
    seconds: SmallCount
    count: SmallCount
    mean: Score
    decayed_mean: Score
    confidence: Unit
    article_ids: tuple[str, ...]


def content_hash(url: str, title: str) -> str:
    """Return SHA-256 of url + title in hex: the key by which a repeated article is known."""
    return sha256((url + title).encode()).hexdigest()


def article_id(source: str, url: str, title: str) -> str:
    """Make an article's id from its canonical url, or from source + title without one."""
    return make_id("art", canonical_url(url)) if url else make_id("art", source, title)


def canonical_url(url: str) -> str:
    """Drop what does not name the article: case of host, fragment, tracking parameters.

    >>> canonical_url("https://Example.com/a?utm_source=x&id=7#top")
    'https://example.com/a?id=7'
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url.strip()
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.lower().startswith(TRACKING)
    ]
    path = TAIL.sub("", parts.path) or "/"
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), path, urlencode(kept), ""))
