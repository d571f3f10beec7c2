"""Entries of a feed as rows, without a network: times, links, markup, and what is no feed."""

from contextlib import suppress
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.feed.failures import FeedFailed
from connectors.feed.fetching import Fetched
from connectors.feed.nested import without_nested
from connectors.feed.rss import MAX_URL, RssFeed, rows_of
from connectors.feed.text import text_of_html
from messages.news import MAX_TITLE

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)


def fetched(body: bytes | str, content_type: str = "application/xml; charset=utf-8") -> Fetched:
    data = body.encode() if isinstance(body, str) else body
    return Fetched(data, True, content_type, "https://x.test/feed", MappingProxyType({}))


def rows(body: bytes | str, content_type: str = "application/xml") -> list[dict[str, Any]]:
    return list(rows_of(fetched(body, content_type), "s", AT))


def item(inside: str) -> dict[str, Any]:
    [row] = rows(f"<rss version='2.0'><channel><item>{inside}</item></channel></rss>")
    return row


def test_a_whole_entry() -> None:
    row = item(
        "<title>One</title><link>https://x.test/1</link><description>More</description>"
        "<pubDate>Tue, 24 Nov 2026 09:00:00 +0200</pubDate>"
    )
    assert row == {
        "source": "s", "url": "https://x.test/1", "guid": "", "title": "One", "content": "More",
        "published_at": datetime(2026, 11, 24, 7, tzinfo=UTC), "fetched_at": AT, "undated": False,
    }  # fmt: skip


def test_atom_takes_the_longest_content_and_the_update_where_nothing_else_is_said() -> None:
    [row] = rows(
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>A</title>"
        "<link href='https://x.test/a'/><summary>short</summary>"
        "<content>a longer text</content><updated>2026-11-20T00:00:00Z</updated></entry></feed>"
    )
    assert (row["url"], row["content"]) == ("https://x.test/a", "a longer text")
    assert row["published_at"] == datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("link", "guid", "url"),
    [
        ("https://x.test/1", "https://x.test/2", "https://x.test/1"),
        ("", "https://x.test/2", "https://x.test/2"),
        ("javascript:alert(1)", "tag:x", ""),
        ("ftp://x.test/1", "", ""),
        ("http://[broken", "", ""),
        ("https://x.test/" + "a" * MAX_URL, "", ""),
    ],
)
def test_only_addresses_of_the_web_are_links(link: str, guid: str, url: str) -> None:
    given_guid = f"<guid>{guid}</guid>" if guid else ""
    assert item(f"<title>t</title><link>{link}</link>{given_guid}")["url"] == url


RELATED = (
    "<z:see xmlns:z='urn:z'><link>https://x.test/9</link><title>Other</title><guid>9</guid>"
    "<pubDate>Tue, 24 Nov 2026 23:00:00 GMT</pubDate><item><link>https://x.test/8</link></item></z:see>"
)


@pytest.mark.parametrize("before", [True, False])
def test_what_an_entry_says_of_others_is_not_its_own(before: bool) -> None:
    own = (
        "<title>One</title><link>https://x.test/1</link><guid>urn:1</guid>"
        "<pubDate>Tue, 24 Nov 2026 09:00:00 GMT</pubDate><media:group xmlns:media="
        "'http://search.yahoo.com/mrss/'><media:title>m</media:title></media:group>"
    )
    alone = item(own)
    assert item(RELATED + own if before else own + RELATED) == alone
    assert (alone["url"], alone["guid"], alone["title"]) == ("https://x.test/1", "urn:1", "One")


def test_an_object_of_an_atom_entry_is_not_the_entry() -> None:
    [row] = rows(
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:act='urn:act'><entry>"
        "<title>A &#233;</title>"
        "<link href='https://x.test/a'/><id>urn:a</id><act:object><id>urn:b</id><title>B</title>"
        "<link href='https://x.test/b'/></act:object>"
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>Te<b>xt</b>"
        "</p></div></content></entry></feed>"
    )
    assert (row["url"], row["guid"], row["title"]) == ("https://x.test/a", "urn:a", "A é")
    assert "Te" in row["content"]


@pytest.mark.parametrize("body", [b"", b"<rss><item><a><b></a>", b"\xff\xfe<", b"<a>&x;</a>",
    b"<!DOCTYPE a [<!ENTITY e '<b>x</b>'>]><item><a><b>&e;</b></a></item>"])  # fmt: skip
def test_what_is_not_well_formed_is_left_to_the_parser(body: bytes) -> None:
    assert without_nested(body) == body


@pytest.mark.parametrize(
    ("inside", "title", "content"),
    [
        ("<title>t</title><description>t</description>", "t", ""),
        ("<description>only this</description>", "only this", ""),
        ("<title>" + "x" * 5_000 + "</title>", "x" * MAX_TITLE, ""),
        ("<title>  a\n\tb  </title>", "a b", ""),
        ("<title>a &lt; b</title>", "a < b", ""),
    ],
)
def test_titles_and_texts(inside: str, title: str, content: str) -> None:
    row = item(f"<link>https://x.test</link>{inside}")
    assert (row["title"], row["content"]) == (title, content)


def test_an_entry_without_a_time_has_the_time_of_the_fetch() -> None:
    for date in ("", "<pubDate>not a date</pubDate>"):
        row = item(f"<title>t</title>{date}")
        assert (row["published_at"], row["undated"]) == (AT, True)


@pytest.mark.parametrize(
    "date", ["2026/11/24 09:00:00", "Tue, 24 Nov 2026 09:00:00 IST", "Tue, 24 Nov 2026 9:00 ET"]
)
def test_a_time_that_is_not_understood_is_none(date: str) -> None:
    row = item(f"<title>t</title><pubDate>{date}</pubDate>")
    assert (row["published_at"], row["undated"]) == (AT, True)


def test_a_clock_of_twelve_hours() -> None:
    row = item("<title>t</title><pubDate>Tue, 24 Nov 2026 9:00:00 PM CST</pubDate>")
    assert row["published_at"] == datetime(2026, 11, 25, 3, tzinfo=UTC)


def test_the_newest_entry_comes_last() -> None:
    entries = "".join(f"<item><title>{n}</title></item>" for n in (3, 2, 1))
    found = rows(f"<rss version='2.0'><channel>{entries}</channel></rss>")
    assert [r["title"] for r in found] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "EMPTY"), (b" \n\t", "EMPTY"),
        (b"<!DOCTYPE HTML><html>", "HTML_PAGE"), (b"  <HTML lang='en'>", "HTML_PAGE"),
        (b"<?xml version='1.0'?><!-- x --><html xmlns='y'/>", "HTML_PAGE"),
        (b"<urlset/>", "SITEMAP"), (b"<sitemapindex/>", "SITEMAP"),
        (b"{}", "NOT_A_FEED"), (b"\x00\x01\x02", "NOT_A_FEED"),
        (b"<rss version='2.0'><channel/></rss>", "NO_ENTRIES"),
    ],
)  # fmt: skip
def test_what_is_no_feed_says_why(body: bytes, reason: str) -> None:
    with pytest.raises(FeedFailed) as failed:
        rows(body)
    assert failed.value.reason == reason


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))
def test_any_bytes_are_rows_or_a_reason(body: bytes) -> None:
    with suppress(FeedFailed):
        for row in rows(b"<rss version='2.0'><channel><item><title>" + body):
            row["title"].encode()
            assert len(row["title"]) <= MAX_TITLE


@given(st.text(max_size=100), st.integers(0, 50))
def test_text_is_one_line_within_its_limit(text: str, limit: int) -> None:
    found = text_of_html(text, limit)
    assert len(found) <= limit
    assert not set(found) & set("\n\t\r\x00")
    found.encode()


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<br>b", "a b"), ("<p>a</p><p>b</p>", "a b"), ("1 < 2 > 0", "1 < 2 > 0"),
        ("&lt;b&gt;", "<b>"), ("&#36;AAPL &copy;", "$AAPL ©"), ("<style>x{}</style>a", "a"),
        ("<noscript>no</noscript>a", "a"), ("<!-- no -->a", "a"), ("half \ud800 pair", "half pair"),
    ],
)  # fmt: skip
def test_markup_is_taken_out(html: str, text: str) -> None:
    assert text_of_html(html, 100) == text


def test_an_unchanged_feed_keeps_its_memory() -> None:
    class Unchanged:
        def fetch(self, url: str, memory: Any) -> Fetched:
            return Fetched(b"", False, "", url, memory)

    feed = RssFeed("n", "https://x.test", 60.0, Unchanged())  # type: ignore[arg-type]  # a fetcher that answers 304
    poll = feed.poll({"etag": "x"})
    assert (poll.rows, poll.memory) == ([], {"etag": "x"})
