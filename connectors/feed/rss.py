"""RSS and Atom: a feed's bytes become rows, whatever they are; what is no feed is a reason."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from connectors.feed.base import Memory, Poll, Values
from connectors.feed.dates import moment_of
from connectors.feed.failures import FeedFailed
from connectors.feed.fetching import Fetched, Fetcher
from connectors.feed.hiding import LONG, hidden, secrets_of, shown_address, without_secrets
from connectors.feed.nested import without_nested
from connectors.feed.text import one_line, text_of_html
from messages.news import MAX_CONTENT, MAX_TITLE

MAX_URL: Final = 2_048
MAX_BACK_OFF_S: Final = 3_600.0


Read = Callable[[Fetched, str, datetime], list[Values]]


class RssFeed:
    """One feed; polled from one thread."""

    def __init__(
        self, name: str, url: str, interval_s: float, fetcher: Fetcher, read: Read | None = None
    ) -> None:
        """Name the feed.

        Args:
            name: unique among the feeds.
            url: http or https.
            interval_s: between two looks, seconds.
            fetcher: gets its answers.
            read: parses them; by default here, where one that takes long holds the interpreter.
        """
        self.name, self.interval_s = name, interval_s
        self.max_back_off_s = MAX_BACK_OFF_S
        self._url, self._fetcher = url, fetcher
        self._read = read or _read_here

    def poll(self, memory: Memory) -> Poll:
        """Fetch once; an unchanged feed gives nothing new.

        Raises:
            FeedFailed: with a reason code.
        """
        secrets = secrets_of(self._url)
        try:
            fetched = self._fetcher.fetch(self._url, memory)
            if not fetched.changed:
                return Poll([], memory)
            secrets |= secrets_of(fetched.url)
            # Relative links start here, so nothing secret may stand in it.
            bare = replace(fetched, url=shown_address(fetched.url))
            rows = self._read(bare, self.name, datetime.now(UTC))
        except FeedFailed as failure:
            detail = hidden(failure.detail, secrets)
            raise FeedFailed(failure.reason, detail, failure.retry_after_s) from None
        except Exception as error:
            # Of an error that nobody foresaw, the trace would show the address.
            said = hidden(f"{type(error).__name__}: {error}", secrets)
            raise FeedFailed("UNEXPECTED", said[:300]) from None
        return Poll([_cleared(row, secrets) for row in rows], fetched.memory)

    def close(self) -> None:
        """The fetcher is closed by who made it."""


def _cleared(row: Values, secrets: frozenset[str]) -> Values:
    """Return a row in which nothing of its feed's address can be read that is secret."""
    if row["url"]:
        row["url"] = without_secrets(row["url"], secrets)
    for name in ("title", "content"):
        row[name] = hidden(row[name], (s for s in secrets if len(s) >= LONG))
    return row


def _read_here(fetched: Fetched, source: str, at: datetime) -> list[Values]:
    return list(rows_of(fetched, source, at))


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
    # Imported here: who follows feeds in another process needs no parser of its own.
    from connectors.feed.parser import parsed

    try:
        entries, kind = parsed(without_nested(fetched.body), fetched.content_type, fetched.url)
    except Exception as error:
        # The parser is lenient by design; what still escapes it is the feed's fault.
        detail = f"{type(error).__name__}: {str(error)[:200]}"
        raise FeedFailed("UNPARSABLE", detail) from error
    if not entries:
        raise FeedFailed(*_why_nothing(kind, fetched))
    for entry in reversed(entries):
        yield _row(entry, kind, source, at)


def _row(entry: Any, kind: str, source: str, at: datetime) -> Values:
    parts = sorted(entry.get("content") or (), key=lambda part: -len(str(part.get("value") or "")))
    body = ""
    for part in (*parts, _part(entry, "summary"), _part(entry, "media_description")):
        body = body or _text(part, kind, MAX_CONTENT)
    title = _text(_part(entry, "title"), kind, MAX_TITLE) or body[:200].rstrip()
    published, guid = _moment(entry), one_line(str(entry.get("id") or ""), MAX_URL)
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


def _part(entry: Any, name: str) -> dict[str, str]:
    """Return a text of an entry with its type, as the parts of its content have them."""
    detail = entry.get(f"{name}_detail") or {}
    return {"value": str(entry.get(name) or ""), "type": str(detail.get("type") or "")}


def _text(part: Any, kind: str, limit: int) -> str:
    """Return a part of an entry as text. Atom says what is HTML; of RSS that must be seen."""
    value = str(part.get("value") or "")
    if kind.startswith("atom") and part.get("type") == "text/plain":
        return one_line(value, limit)
    return text_of_html(value, limit, sure=part.get("type") == "application/xhtml+xml")


def _url(text: str) -> str:
    text = one_line(text, MAX_URL + 1)
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


def _why_nothing(kind: str, fetched: Fetched) -> tuple[str, str]:
    head = fetched.body[:2_000].lstrip().lower()
    if b"<urlset" in head or b"<sitemapindex" in head:
        return "SITEMAP", "a sitemap, not a feed"
    if head.startswith((b"<!doctype html", b"<html")) or b"<html" in head:
        return "HTML_PAGE", "a web page, not a feed"
    if not kind:
        return "NOT_A_FEED", f"neither RSS nor Atom ({fetched.content_type or 'no content type'})"
    return "NO_ENTRIES", f"a feed ({kind}) without entries"
