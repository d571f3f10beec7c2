"""News facts: an article as fetched, its score for one ticker, and windows of scores."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final, Literal

from msgspec import Meta

from messages.addresses import canonical_url
from messages.base import Message, Score, SmallCount, Ticker, Unit, make_id

MARKET: Final = "_market"
MAX_TITLE: Final = 2_000
MAX_CONTENT: Final = 262_144

Text = Annotated[str, Meta(max_length=2_048)]
Subject = Annotated[str, Meta(pattern=r"^(_market|[A-Z0-9][A-Z0-9.\-]{0,11})\Z")]


# How an article is about a ticker: its text names the company; only the feed says so, and the title
# names nobody; only the feed says so, and the title names others; it is about no ticker; not known.
About = Literal["named", "tagged", "beside", "market", "unknown"]


class RawArticle(Message, frozen=True, kw_only=True, gc=False):
    """An article as a feed gave it.

    Attributes:
        symbols: tickers named by the feed itself; empty where it names none.
        published_at: the feed's own time, UTC; fetched_at where the entry has none.
        fetched_at: when we first saw it, UTC.
        content_hash: SHA-256 of url + title.
        revision: 0 first; the same id with another title or text raises it by one.
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
        about: `named` by the article; `tagged` by its feed alone; `beside`: tagged, while the title
            names other companies: kept and shown, and never part of an opinion; `market`: of none;
            `unknown`: of a record made before this was kept.
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
    about: About = "unknown"


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
    """Return SHA-256 of url + title in hex."""
    return sha256((url + title).encode()).hexdigest()


def article_id(source: str, url: str, title: str, guid: str = "") -> str:
    """Make an article's id from its canonical url and, where that names several, its guid.

    Without a url it is named by the source and its guid, or else its title.
    """
    if url:
        named = canonical_url(url)
        return make_id("art", named, guid) if guid else make_id("art", named)
    return make_id("art", source, "guid", guid) if guid else make_id("art", source, title)
