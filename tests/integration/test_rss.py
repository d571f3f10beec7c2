"""RSS and Atom over real HTTP: good feeds, broken ones, and servers that misbehave."""

import gzip
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.feed.failures import FeedFailed
from connectors.feed.fetching import Fetcher
from connectors.feed.rss import RssFeed
from messages.control import DeadLetter
from messages.news import RawArticle
from operators.admission import AdmitArticles, InputRow
from operators.blocks import Block, Event
from tests.waiting import pause
from tests.web import Asked, Page, Web, rss, serving

XML = {"content-type": "application/rss+xml"}
DATE = "Wed, 25 Nov 2026 12:00:00 GMT"
NOW = 1_790_000_000_000_000


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as served:
        yield served


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    made = Fetcher("tidewire-test", 60.0, 200_000)
    yield made
    made.close()


@pytest.fixture
def hasty() -> Iterator[Fetcher]:
    """Return a fetcher that does not wait for what never comes."""
    made = Fetcher("tidewire-test", 0.5, 200_000)
    yield made
    made.close()


def feed(web: Web, fetcher: Fetcher, path: str = "/feed") -> RssFeed:
    return RssFeed("test", web.url + path, 60.0, fetcher)


def admitted(rows: list[dict[str, object]]) -> list[RawArticle | DeadLetter]:
    events = [Event(NOW, "", InputRow(i, row)) for i, row in enumerate(rows)]
    out = AdmitArticles(0, live=True).step(Block(events, NOW)).events
    bodies = [e.body for e in out]
    assert all(isinstance(b, RawArticle | DeadLetter) for b in bodies)
    return bodies  # type: ignore[return-value]


def endless() -> Iterator[bytes]:
    while True:
        yield b"<item>" * 1_000


def dripping() -> Iterator[bytes]:
    while True:
        yield b" "
        pause(0.1)


def silent() -> Iterator[bytes]:
    pause(10)
    yield b""


BAD = [
    (Page(b"slow down", 429, {"retry-after": "77"}), "HTTP_429"),
    (Page(b"oops", 500), "HTTP_500"),
    (Page(b"gone", 410), "HTTP_410"),
    (Page(b"", 200), "EMPTY"),
    (Page(b"  \n ", 200, XML), "EMPTY"),
    (Page(b"<!doctype html><html><body>Sign in</body></html>"), "HTML_PAGE"),
    (Page(b"<?xml version='1.0'?><urlset><url><loc>x</loc></url></urlset>"), "SITEMAP"),
    (Page(b"just text"), "NOT_A_FEED"),
    (Page(b'{"json": true}'), "NOT_A_FEED"),
    (Page(rss()), "NO_ENTRIES"),
    (Page(pieces=endless), "TOO_LARGE"),
    (Page(gzip.compress(b"a" * 5_000_000), 200, {"content-encoding": "gzip"}), "TOO_LARGE"),
    (Page(b"not gzip", 200, {"content-encoding": "gzip"}), "BAD_ENCODING"),
    (Page(b"", 302, {"location": "/feed"}), "REDIRECT_LOOP"),
    (Page(b"", 302, {"location": "ftp://127.0.0.1/x"}), "BAD_URL"),
]


@pytest.mark.parametrize(("page", "reason"), BAD, ids=map(str, range(len(BAD))))
def test_what_is_no_news_is_an_unhealthy_feed(
    web: Web, fetcher: Fetcher, page: Page, reason: str
) -> None:
    web.pages["/feed"] = page
    with pytest.raises(FeedFailed) as failed:
        feed(web, fetcher).poll({})
    assert failed.value.reason == reason
    assert failed.value.retry_after_s == (77 if reason == "HTTP_429" else 0)


@pytest.mark.parametrize("pieces", [dripping, silent])
def test_an_answer_that_does_not_end_is_a_timeout(
    web: Web, hasty: Fetcher, pieces: Callable[[], Iterator[bytes]]
) -> None:
    web.pages["/feed"] = Page(pieces=pieces)
    with pytest.raises(FeedFailed, match="TIMEOUT"):
        feed(web, hasty).poll({})


def test_nobody_there_and_no_url(fetcher: Fetcher) -> None:
    for url, reason in (("http://127.0.0.1:9/x", "UNREACHABLE"), ("file:///etc/passwd", "BAD_URL")):
        with pytest.raises(FeedFailed, match=reason):
            RssFeed("x", url, 60.0, fetcher).poll({})


def test_a_feed_gives_articles_oldest_first(web: Web, fetcher: Fetcher) -> None:
    body = rss(("Second &amp; last", "https://x.test/2", DATE), ("First", "https://x.test/1", DATE))
    web.pages["/feed"] = Page(gzip.compress(body), 200, {**XML, "content-encoding": "gzip"})
    found = admitted(feed(web, fetcher).poll({}).rows)
    assert [a.title for a in found if isinstance(a, RawArticle)] == ["First", "Second & last"]
    assert {a.published_at for a in found if isinstance(a, RawArticle)} == {
        datetime(2026, 11, 25, 12, tzinfo=UTC)
    }


def test_an_unchanged_feed_is_not_sent_again(web: Web, fetcher: Fetcher) -> None:
    def conditional(asked: Asked) -> Page:
        if asked.headers.get("If-None-Match") == '"v1"':
            return Page(b"", 304)
        return Page(rss(("One", "https://x.test/1", DATE)), 200, {**XML, "etag": '"v1"'})

    web.pages["/feed"] = conditional
    reader = feed(web, fetcher)
    first = reader.poll({})
    assert len(first.rows) == 1
    assert first.memory == {"etag": '"v1"'}
    again = reader.poll(first.memory)
    assert again.rows == []
    assert again.memory == first.memory


def test_redirects_are_followed(web: Web, fetcher: Fetcher) -> None:
    web.pages["/feed"] = Page(b"", 301, {"location": "/moved"})
    web.pages["/moved"] = Page(rss(("One", "https://x.test/1", DATE)), 200, XML)
    assert len(feed(web, fetcher).poll({}).rows) == 1


@pytest.mark.parametrize(
    ("charset", "header"), [("iso-8859-1", True), ("windows-1252", False), ("utf-16", True)]
)
def test_charsets(web: Web, fetcher: Fetcher, charset: str, header: bool) -> None:
    text = (
        f'<?xml version="1.0" encoding="{charset}"?>'
        + rss(("Société Générale café", "https://x.test/1", DATE)).decode().partition("?>")[2]
    )
    kind = f"application/xml; charset={charset}" if header else "application/xml"
    web.pages["/feed"] = Page(text.encode(charset), 200, {"content-type": kind})
    assert feed(web, fetcher).poll({}).rows[0]["title"] == "Société Générale café"


def test_undated_and_future_entries(web: Web, fetcher: Fetcher) -> None:
    body = rss(
        ("Undated", "https://x.test/1", ""),
        ("Nonsense", "https://x.test/2", "the day after tomorrow"),
        ("Future", "https://x.test/3", "Fri, 25 Nov 2033 12:00:00 GMT"),
    )
    web.pages["/feed"] = Page(body, 200, XML)
    found = {
        a.title: a for a in admitted(feed(web, fetcher).poll({}).rows) if isinstance(a, RawArticle)
    }
    assert found["Undated"].undated
    assert found["Undated"].published_at == found["Undated"].fetched_at
    assert found["Nonsense"].undated
    assert not found["Future"].undated
    assert found["Future"].published_at.year == 2033


def test_html_becomes_text(web: Web, fetcher: Fetcher) -> None:
    body = (
        b"<rss version='2.0'><channel><item><title>&lt;b&gt;Bold&lt;/b&gt; &amp;amp; plain</title>"
        b"<link>javascript:alert(1)</link><description>&lt;p&gt;One &lt;script&gt;evil()"
        b"&lt;/script&gt;two&lt;/p&gt;</description></item></channel></rss>"
    )
    web.pages["/feed"] = Page(body, 200, XML)
    row = feed(web, fetcher).poll({}).rows[0]
    assert (row["title"], row["content"], row["url"]) == ("Bold & plain", "One two", "")


def test_a_changed_title_is_a_revision_and_a_repeat_is_silent() -> None:
    operator = AdmitArticles(0, live=True)

    def give(title: str, url: str = "https://x.test/1") -> list[RawArticle]:
        now = datetime(2026, 11, 25, tzinfo=UTC)
        row = {"source": "s", "url": url, "title": title, "published_at": now, "fetched_at": now}
        out = operator.step(Block([Event(NOW, "", InputRow(0, row))], NOW)).events
        return [e.body for e in out if isinstance(e.body, RawArticle)]

    first, repeat, tracked, changed = (
        give("One"), give("One"), give("One", "https://x.test/1?utm_source=rss#top"), give("Two"),
    )  # fmt: skip
    assert repeat == tracked == []
    assert [a.revision for a in (*first, *changed)] == [0, 1]
    assert len({a.id for a in (*first, *changed)}) == 1


@pytest.mark.recorded
def test_every_recorded_feed_is_articles_or_a_reason(
    web: Web, fetcher: Fetcher, recorded: Path
) -> None:
    """feedparser's own suite and feeds from the wild: never an exception."""
    feeds = recorded / "feeds"
    files = {f.name: f.read_bytes() for f in feeds.iterdir() if not f.name.endswith(".gz")}
    with tarfile.open(feeds / "feedparser_suite.tar.gz") as suite:
        for member in suite.getmembers():
            if member.isfile():
                inside = suite.extractfile(member)
                assert inside is not None
                files[member.name] = inside.read()
    assert len(files) > 1_065
    web.pages.update(
        {
            f"/{i}": Page(body, 200, {"content-type": "application/xml"})
            for i, body in enumerate(files.values())
        }
    )
    read, articles, reasons = 0, 0, Counter[str]()
    for i in range(len(files)):
        try:
            rows = feed(web, fetcher, f"/{i}").poll({}).rows
        except FeedFailed as failure:
            reasons[failure.reason] += 1
            continue
        read += 1
        articles += sum(isinstance(a, RawArticle) for a in admitted(rows))
    assert set(reasons) <= {"EMPTY", "HTML_PAGE", "NOT_A_FEED", "NO_ENTRIES", "TOO_LARGE"}, reasons
    assert read > 400, reasons
    assert articles > 400
