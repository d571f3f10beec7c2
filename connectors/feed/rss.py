"""RSS and Atom: a feed's bytes become rows, whatever they are; what is no feed is a reason."""

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import feedparser
from selectolax.lexbor import LexborHTMLParser

from connectors.feed.base import Memory, Poll, Values
from connectors.feed.dates import moment_of
from connectors.feed.failures import FeedFailed
from connectors.feed.fetching import Fetched, Fetcher
from connectors.feed.nested import without_nested
from messages.news import MAX_CONTENT, MAX_TITLE

MARKUP: Final = re.compile(r"<[a-zA-Z/!]|&[#\w]+;")
SPACE: Final = re.compile(r"\s+")
MAX_URL: Final = 2_048
MAX_BACK_OFF_S: Final = 3_600.0
HIDDEN: Final = ["script", "style", "noscript", "template"]


class RssFeed:
    """One feed; polled from one thread."""

    def __init__(self, name: str, url: str, interval_s: float, fetcher: Fetcher) -> None:
        """Name the feed."""
        self.name, self.interval_s = name, interval_s
        self.max_back_off_s = MAX_BACK_OFF_S
        self._url, self._fetcher = url, fetcher

    def poll(self, memory: Memory) -> Poll:
        """Fetch once; an unchanged feed gives nothing new.

        Raises:
            FeedFailed: with a reason code.
        """
        fetched = self._fetcher.fetch(self._url, memory)
        if not fetched.changed:
            return Poll([], memory)
        return Poll(list(rows_of(fetched, self.name, datetime.now(UTC))), fetched.memory)

    def close(self) -> None:
        """The fetcher is closed by who made it."""


def rows_of(fetched: Fetched, source: str, at: datetime) -> Iterator[Values]:
    """Give a feed's entries, oldest first, as admission takes them.

    Args:
        fetched: the answer.
        source: name of the feed.
        at: when it was fetched, UTC.

    Raises:
        FeedFailed: an HTML page, a sitemap, an empty answer, or nothing that has entries.
    """
    if not fetched.body.strip():
        raise FeedFailed("EMPTY", "the answer has no body")
    headers = {"content-type": fetched.content_type, "content-location": fetched.url}
    try:
        parsed = feedparser.parse(
            io.BytesIO(without_nested(fetched.body)),
            response_headers={k: v for k, v in headers.items() if v},
        )
    except Exception as error:
        # The parser is lenient by design; what still escapes it is the feed's fault.
        detail = f"{type(error).__name__}: {str(error)[:200]}"
        raise FeedFailed("UNPARSABLE", detail) from error
    if not parsed.entries:
        raise FeedFailed(*_why_nothing(parsed, fetched))
    yield from (_row(entry, source, at) for entry in reversed(parsed.entries))


def text_of_html(text: str, limit: int) -> str:
    """Return text without markup, on one line, cut to a limit.

    >>> text_of_html("<p>Apple &amp; <b>Pear</b> rise</p><script>x()</script>", 100)
    'Apple & Pear rise'
    """
    if MARKUP.search(text):
        # Begun in the body, so that nothing at the start is taken for a head.
        tree = LexborHTMLParser(f"<body>{text}".encode("utf-8", "replace").decode())
        tree.strip_tags(HIDDEN)
        text = tree.body.text(separator=" ") if tree.body is not None else ""
    return SPACE.sub(" ", _plain(text)).strip()[:limit]


def _plain(text: str) -> str:
    """Drop control characters and halves of surrogate pairs."""
    return "".join(
        c if c >= " " or c in "\t\n" else " " for c in text if not "\ud800" <= c <= "\udfff"
    )


def _row(entry: Any, source: str, at: datetime) -> Values:
    content = ""
    for part in entry.get("content") or ():
        content = max(content, str(part.get("value") or ""), key=len)
    summary = str(entry.get("summary") or "")
    body = text_of_html(content or summary, MAX_CONTENT)
    title = text_of_html(str(entry.get("title") or ""), MAX_TITLE) or body[:200]
    published, guid = _moment(entry), _plain(str(entry.get("id") or "")).strip()
    return {
        "source": source,
        "url": _url(str(entry.get("link") or "")) or _url(guid),
        "guid": guid[:MAX_URL],
        "title": title,
        "content": body if body != title else "",
        "published_at": published or at,
        "fetched_at": at,
        "undated": published is None,
    }


def _url(text: str) -> str:
    text = _plain(text).strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return (
        text if parts.scheme in ("http", "https") and parts.netloc and len(text) <= MAX_URL else ""
    )


def _moment(entry: Any) -> datetime | None:
    """Return when an entry was published, or else updated; None without a time that can be read."""
    for name in ("published", "updated", "created"):
        # dict.get: the parser would take `published` for a lacking `updated`, and warn of it.
        written = dict.get(entry, name)
        found = moment_of(written) if isinstance(written, str) else None
        if found is not None:
            return found
    return None


def _why_nothing(parsed: Any, fetched: Fetched) -> tuple[str, str]:
    head = fetched.body[:2_000].lstrip().lower()
    if b"<urlset" in head or b"<sitemapindex" in head:
        return "SITEMAP", "a sitemap, not a feed"
    if head.startswith((b"<!doctype html", b"<html")) or b"<html" in head:
        return "HTML_PAGE", "a web page, not a feed"
    if not parsed.get("version"):
        return "NOT_A_FEED", f"neither RSS nor Atom ({fetched.content_type or 'no content type'})"
    return "NO_ENTRIES", f"a feed ({parsed.version}) without entries"
