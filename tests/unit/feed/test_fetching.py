"""Fetches: their bounds, their memory, and how long a server may ask to be left alone."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from connectors.feed.failures import MAX_RETRY_AFTER_S as LONGEST
from connectors.feed.failures import FeedFailed
from connectors.feed.fetching import Fetcher
from tests.web import Asked, Page, Web, serving

IN_AN_HOUR = "in an hour"


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as served:
        yield served


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    made = Fetcher("tidewire-test/1", 60.0, 1_000)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("wish", "least", "most"),
    [
        ("0", 0, 0), ("77", 77, 77), ("1.5", 1.5, 1.5), ("-5", 0, 0), ("nan", 0, 0),
        ("inf", LONGEST, LONGEST), ("1e9", LONGEST, LONGEST), ("soon", 0, 0), ("", 0, 0),
        (IN_AN_HOUR, 3_000, 3_601),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("1e12", LONGEST, LONGEST), ("1e999", LONGEST, LONGEST), ("-inf", 0, 0),
        ("Wed, 21 Oct 99999 07:28:00 GMT", 0, LONGEST), ("Mon, 01 Jan 0001 00:00:00 +2359", 0, 0),
    ],
)  # fmt: skip
def test_how_long_a_server_asks_to_be_left_alone(
    web: Web, fetcher: Fetcher, wish: str, least: float, most: float
) -> None:
    if wish == IN_AN_HOUR:  # of the test, not of the collection of tests
        wish = format_datetime(datetime.now(UTC) + timedelta(hours=1))
    web.pages["/"] = Page(b"", 503, {"retry-after": wish})
    with pytest.raises(FeedFailed) as failed:
        fetcher.fetch(f"{web.url}/")
    assert failed.value.reason == "HTTP_503"
    assert least <= failed.value.retry_after_s <= most


@pytest.mark.parametrize(
    ("size", "fits"), [(0, True), (999, True), (1_000, True), (1_001, False), (100_000, False)]
)
def test_an_answer_may_be_so_large_and_no_larger(
    web: Web, fetcher: Fetcher, size: int, fits: bool
) -> None:
    web.pages["/"] = Page(b"x" * size)
    if fits:
        assert len(fetcher.fetch(f"{web.url}/").body) == size
    else:
        with pytest.raises(FeedFailed, match="TOO_LARGE: over 1000 bytes"):
            fetcher.fetch(f"{web.url}/")


def test_what_is_asked_and_what_is_remembered(web: Web, fetcher: Fetcher) -> None:
    head = {"etag": '"v1"', "last-modified": "yesterday", "content-type": "text/xml; charset=x"}
    web.pages["/a"] = Page(b"body", 200, head)
    first = fetcher.fetch(f"{web.url}/a")
    assert (first.body, first.changed, first.content_type) == (b"body", True, "text/xml; charset=x")
    assert first.memory == {"etag": '"v1"', "modified": "yesterday"}
    assert web.asked[0].headers["User-Agent"] == "tidewire-test/1"
    assert "If-None-Match" not in web.asked[0].headers

    web.pages["/a"] = Page(b"", 304)
    again = fetcher.fetch(f"{web.url}/a", first.memory)
    assert (again.body, again.changed, again.memory) == (b"", False, first.memory)
    asked = web.asked[1].headers
    assert (asked["If-None-Match"], asked["If-Modified-Since"]) == ('"v1"', "yesterday")

    web.pages["/a"] = Page(b"new", 200)
    assert fetcher.fetch(f"{web.url}/a", first.memory).memory == {}


def test_a_packed_body_is_unpacked_whatever_the_headers_say(web: Web, fetcher: Fetcher) -> None:
    once = gzip.compress(b"<rss/>")
    for body in (once, gzip.compress(once)):
        web.pages["/a"] = Page(body, 200, {"content-type": "application/octet-stream"})
        assert fetcher.fetch(f"{web.url}/a").body == b"<rss/>"
    for body, reason in (
        (once[:-9], "BAD_ENCODING"), (once[:4] + b"zzzzzzzzzzzz", "BAD_ENCODING"),
        (gzip.compress(b"x" * 1_001), "TOO_LARGE"),
    ):  # fmt: skip
        web.pages["/a"] = Page(body)
        with pytest.raises(FeedFailed, match=reason):
            fetcher.fetch(f"{web.url}/a")


def test_where_an_answer_came_from_after_redirects(web: Web, fetcher: Fetcher) -> None:
    web.pages["/a"] = Page(b"", 302, {"location": "/b"})
    web.pages["/b"] = Page(b"", 307, {"location": "/c?x=1"})
    web.pages["/c"] = Page(b"here")
    assert fetcher.fetch(f"{web.url}/a").url == f"{web.url}/c?x=1"


def test_a_redirect_is_followed_so_often_and_no_oftener(web: Web, fetcher: Fetcher) -> None:
    def onwards(asked: Asked) -> Page:
        left = int(asked.path.partition("?")[2])
        return Page(b"", 302, {"location": f"/hop?{left - 1}"}) if left else Page(b"there")

    web.pages["/hop"] = onwards
    assert fetcher.fetch(f"{web.url}/hop?5").body == b"there"
    with pytest.raises(FeedFailed, match="REDIRECT_LOOP"):
        fetcher.fetch(f"{web.url}/hop?6")


@pytest.mark.parametrize("url", ["ftp://x.test/", "file:///etc/passwd", "", "http://", "//x.test"])
def test_what_is_no_address_of_the_web(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(FeedFailed, match="BAD_URL"):
        fetcher.fetch(url)


def test_a_failure_says_its_reason_first() -> None:
    assert str(FeedFailed("TIMEOUT")) == "TIMEOUT"
    assert str(FeedFailed("HTTP_500", "oops")) == "HTTP_500: oops"
    assert FeedFailed("X").retry_after_s == 0
