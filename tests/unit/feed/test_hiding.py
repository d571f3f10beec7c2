"""Where feeds may lead, and what of their addresses is told: no user, no password, no key."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.feed import redirects
from connectors.feed.failures import FeedFailed
from connectors.feed.feeds import feeds_of
from connectors.feed.fetching import Fetcher
from connectors.feed.health import FeedRegistry
from connectors.feed.hiding import hidden, secrets_of, shown_address, without_secrets
from connectors.feed.params import NewsParams
from connectors.feed.redirects import private
from connectors.feed.rss import RssFeed
from tests.web import Page, Web, serving

USER, PASSWORD, KEY = "marigold", "quiet-river-7", "Zq81mmT0"


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as served:
        yield served


@pytest.fixture
def other() -> Iterator[Web]:
    """Return a second server on this machine."""
    with serving() as served:
        yield served


def fetch(web: Web, *, allowed: bool = False) -> bytes:
    fetcher = Fetcher("tidewire-test", 60, 10_000, private_redirects=allowed)
    try:
        return fetcher.fetch(f"{web.url}/a").body
    finally:
        fetcher.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"])
def test_a_feed_leads_to_no_other_server_of_this_machine(web: Web, other: Web, host: str) -> None:
    other.pages["/admin"] = Page(b"inside")
    where = other.url.replace("127.0.0.1", host)
    web.pages["/a"] = Page(b"", 302, {"location": f"{where}/admin"})
    with pytest.raises(FeedFailed, match=r"PRIVATE_REDIRECT: it leads to .*PRIVATE_REDIRECTS=true"):
        fetch(web)
    assert other.asked == []


def test_it_may_where_the_settings_say_so(web: Web, other: Web) -> None:
    other.pages["/b"] = Page(b"inside")
    web.pages["/a"] = Page(b"", 302, {"location": f"{other.url}/b"})
    assert fetch(web, allowed=True) == b"inside"


def test_a_name_counts_by_its_address(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages["/a"] = Page(b"", 302, {"location": "https://public-name.test/b"})
    monkeypatch.setattr(redirects, "addresses_of", lambda _host: ["93.184.216.34", "10.0.0.7"])
    with pytest.raises(FeedFailed, match="PRIVATE_REDIRECT"):
        fetch(web)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True), ("0.0.0.1", True), ("10.9.8.7", True), ("172.16.0.1", True),
        ("192.168.1.1", True), ("100.64.0.1", True), ("169.254.169.254", True), ("::1", True),
        ("fe80::1%eth0", True), ("fd00::1", True), ("::ffff:192.168.0.1", True), ("::", True),
        ("64:ff9b::7f00:1", True), ("2002:7f00:1::", True), ("224.0.0.1", True), ("odd", True),
        ("93.184.216.34", False), ("2606:2800:220:1::1", False), ("64:ff9b::5db8:d822", False),
    ],
)  # fmt: skip
def test_addresses_of_this_machine_and_its_network(address: str, expected: bool) -> None:
    assert private(address) is expected


def test_nothing_secret_of_an_address_is_told(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    where = web.url.replace("://", f"://{USER}:{PASSWORD}@")
    params = NewsParams(feeds=(f"{where}/feed?s=KO&api_key={KEY}",))
    [feed] = feeds_of(params)
    assert feed.name == "127.0.0.1"
    entry = (
        f"<item><title>KO for {PASSWORD}</title><link>{{}}</link>"
        f"<description>see ?k={KEY}</description></item>"
    )
    links = (
        "/1",
        "?page=2",
        f"{where}/3?id=3&amp;k={KEY}",
        f"https://x.test/4?t={PASSWORD}&amp;n=4",
    )
    body = "".join(entry.format(link) for link in links)
    web.pages["/feed"] = Page(f"<rss version='2.0'><channel>{body}</channel></rss>".encode())
    rows = feed.poll({}).rows
    assert {row["url"] for row in rows} == {
        f"{web.url}/1", f"{web.url}/feed?page=2", f"{web.url}/3?id=3", "https://x.test/4?n=4",
    }  # fmt: skip
    assert "Authorization" in web.asked[0].headers
    told: list[Any] = [rows]
    registry = FeedRegistry([feed.name])
    for page in (
        Page(b"", 302, {"location": f"ftp://{USER}:{PASSWORD}@x.test/?k={KEY}"}),
        Page(b"", 302, {"location": f"http://[{PASSWORD}"}), Page(b"", 500),
        Page(b"", 302, {"location": f"http://localhost:1/?k={KEY}"}), Page(b"<html>"),
    ):  # fmt: skip
        web.pages["/feed"] = page
        with pytest.raises(FeedFailed) as failed:
            feed.poll({})
        registry.failed(feed, failed.value)
        told += [str(failed.value), registry.health("run"), list(registry.gauges())]
    for secret in (USER, PASSWORD, KEY):
        assert secret not in repr(told)
        assert secret not in caplog.text


def test_an_error_that_nobody_foresaw_tells_nothing_either() -> None:
    class Broken:
        def fetch(self, url: str, memory: Any) -> Any:
            raise KeyError(url, memory)

    feed = RssFeed("n", f"https://{USER}:{PASSWORD}@x.test/?key={KEY}", 60.0, Broken())  # type: ignore[arg-type]  # a fetcher that breaks
    with pytest.raises(FeedFailed, match="UNEXPECTED: KeyError") as failed:
        feed.poll({})
    assert not any(secret in str(failed.value) for secret in (USER, PASSWORD, KEY))
    assert failed.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://x.test/rss?s=KO,PEP&lang=en-US", set()),
        ("https://x.test/rss?access_token=a%2Fb", {"a/b", "a%2Fb"}),
        ("https://x.test/rss?x=0a1b2c3d4e5f6a7b8c9d", {"0a1b2c3d4e5f6a7b8c9d"}),
        ("https://ann@x.test/", {"ann"}),
        ("https://[broken", set()),
    ],
)
def test_what_of_an_address_is_secret(url: str, secrets: set[str]) -> None:
    assert secrets_of(url) == secrets


def test_addresses_that_cannot_be_read_are_not_shown() -> None:
    assert shown_address("https://[broken") == "***"
    assert without_secrets("https://[broken", frozenset()) == ""
    assert hidden("annual report of ann", {"ann"}) == "annual report of ***"
