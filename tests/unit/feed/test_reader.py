"""Feeds parsed in processes of their own: the same rows, within a limit, none delaying another."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from connectors.feed.failures import FeedFailed
from connectors.feed.fetching import Fetched, Fetcher
from connectors.feed.health import FeedRegistry
from connectors.feed.live import LivePartition
from connectors.feed.reader import Reader
from connectors.feed.rss import RssFeed, rows_of
from connectors.kafka.bell import Bell
from operators.admission import InputRow
from tests.waiting import eventually
from tests.web import Page, Web, rss, serving

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
SPINS = (sys.executable, "-c", "while True: pass")
BREAKS_OFF = (sys.executable, "-c", "import sys; sys.stdin.buffer.read(8); sys.exit(3)")
HEAVY = (
    b"<rss><channel><item>" + b"<guid>http://x.test/y</guid>" * 200_000 + b"</item></channel></rss>"
)


def answer(body: bytes) -> Fetched:
    return Fetched(body, True, "application/xml", "https://x.test/feed", MappingProxyType({}))


@pytest.fixture
def reader() -> Iterator[Reader]:
    made = Reader()
    yield made
    made.close()


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as served:
        yield served


def test_the_rows_are_those_of_a_parse_in_this_process(reader: Reader) -> None:
    body = rss(
        ("Erste Meldung: Überschuß", "https://x.test/1", ""), ("Zwei", "https://x.test/2", "")
    )
    for _ in range(2):  # by the same process
        assert reader.rows(answer(body), "s", AT) == list(rows_of(answer(body), "s", AT))
    assert len(reader._idle) == 1
    with pytest.raises(FeedFailed, match="HTML_PAGE: a web page"):
        reader.rows(answer(b"<html>"), "s", AT)


def test_a_parse_over_its_limit_is_ended_and_the_next_one_is_not() -> None:
    hasty = Reader(0.5)
    with pytest.raises(FeedFailed, match=r"TOO_SLOW: its parse was ended after 0\.5 s"):
        hasty.rows(answer(HEAVY), "s", AT)
    assert len(hasty.rows(answer(rss(("One", "https://x.test/1", ""))), "s", AT)) == 1
    hasty.close()


def test_a_process_that_does_not_answer_is_ended_by_the_clock() -> None:
    reader = Reader(0.05, SPINS)
    with pytest.raises(FeedFailed, match="TOO_SLOW"):
        reader.rows(answer(b"<rss/>"), "s", AT)
    reader.close()


def test_a_process_that_breaks_off_is_a_failure_of_the_feed() -> None:
    reader = Reader(10, BREAKS_OFF)
    with pytest.raises(FeedFailed, match="UNPARSABLE: its parse ended with code 3"):
        reader.rows(answer(b"x" * 1_000_000), "s", AT)
    reader.close()


def test_a_feed_whose_parse_does_not_end_delays_neither_another_nor_the_clock(web: Web) -> None:
    web.pages["/bad"] = Page(b"<rss/>")
    web.pages["/good"] = Page(rss(("Harvest is in", "https://x.test/1", "")))
    fetcher, spins, honest = Fetcher("tidewire-test", 60, 5_000_000), Reader(100, SPINS), Reader()
    feeds = [
        RssFeed("bad", f"{web.url}/bad", 60, fetcher, spins.rows),
        RssFeed("good", f"{web.url}/good", 60, fetcher, honest.rows),
    ]
    registry = FeedRegistry(["bad", "good"])
    part = LivePartition(feeds, registry, timedelta(milliseconds=10), lambda: False, None, Bell())
    titles, frontiers = list[str](), list[int]()

    def came() -> bool:
        part._bell.ring()
        for _, envelope in part.next_batch():
            frontiers.append(envelope.block.frontier)
            for event in envelope.block.events:
                assert isinstance(event.body, InputRow)
                titles.append((event.body.values or {})["title"])
        return bool(titles) and bool(spins._busy)

    eventually(came, what=lambda: titles)
    assert titles == ["Harvest is in"]
    assert registry.feeds["bad"].state == "waiting"
    assert len(frontiers) > 1
    assert frontiers == sorted(frontiers)
    part.close()
    spins.close()
    eventually(lambda: registry.feeds["bad"].state == "failing")
    honest.close()
    fetcher.close()
