"""Rows of a feed, as tables: what becomes a fact, what is refused and why."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from messages.control import DeadLetter
from messages.market import Bar
from messages.news import MAX_CONTENT, RawArticle
from messages.units import HOUR_US, to_micros
from operators.admission import AdmitArticles, AdmitBars, InputRow
from operators.blocks import Block, Event

START = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)
HORIZON = to_micros(datetime(2026, 4, 1, tzinfo=UTC))
ROW: dict[str, Any] = {
    "ticker": "AAPL", "timestamp": START, "open": 10.0, "high": 11.0, "low": 9.0, "close": 10.5,
    "volume": 7,
}  # fmt: skip
NEWS: dict[str, Any] = {
    "source": "s", "url": "https://example.test/1", "title": "Title", "content": "",
    "published_at": "2025-03-12T13:30:00Z", "tickers": ["AAPL"],
}  # fmt: skip


def admit(operator: Any, rows: list[dict[str, Any] | None]) -> Block:
    events = [Event(0, "", InputRow(n, r, b"{}" if r is None else b"")) for n, r in enumerate(rows)]
    found: Block = operator.step(Block(events, 0, ended=True))
    return found


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"timestamp": START.replace(tzinfo=None)}, "MALFORMED"),
        ({"timestamp": "yesterday"}, "MALFORMED"),
        ({"timestamp": None}, "MALFORMED"),
        ({"timestamp": datetime.max.replace(tzinfo=UTC)}, "MALFORMED"),
        ({"timestamp": datetime(2099, 1, 1, tzinfo=UTC)}, "FUTURE"),
        ({"timestamp": START.astimezone(timezone(timedelta(hours=-4)))}, None),
        ({"high": 8.0}, "HIGH_BELOW_LOW"),
        ({"close": float("nan")}, "MALFORMED"),
        ({"close": None}, "MALFORMED"),
        ({"volume": -5}, "MALFORMED"),
        ({"volume": 2**60}, "MALFORMED"),
        ({"ticker": None}, "MALFORMED"),
        ({"ticker": "not a ticker"}, "MALFORMED"),
        ({"open": 10.00001}, "PRECISION"),
    ],
)
def test_rows_of_bars(change: dict[str, Any], reason: str | None) -> None:
    (event,) = admit(AdmitBars(HORIZON, "1m", "test"), [ROW | change]).events
    if reason is None:
        assert isinstance(event.body, Bar)
        assert event.stamp == to_micros(START) + 60_000_000
    else:
        assert isinstance(event.body, DeadLetter)
        assert (event.body.reason, event.body.topic, event.body.offset) == (
            reason,
            "market.feed",
            0,
        )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"url": ""}, None),
        ({"tickers": None}, None),
        ({"title": "", "content": ""}, "MALFORMED"),
        ({"title": None, "content": " \n"}, "MALFORMED"),
        ({"title": 7}, "MALFORMED"),
        ({"url": ["https://x.test/1"]}, "MALFORMED"),
        ({"published_at": "soon"}, "MALFORMED"),
        ({"published_at": None}, "MALFORMED"),
        ({"published_at": "2025-03-12T13:30:00"}, "NAIVE_TIME"),
        ({"published_at": "2099-01-01T00:00:00Z"}, "FUTURE"),
        ({"content": "x" * 5_000_000}, "TOO_LARGE"),
        ({"content": "x" * MAX_CONTENT}, None),
        ({"content": "\x01" * MAX_CONTENT}, "TOO_LARGE"),
    ],
)
def test_rows_of_news(change: dict[str, Any], reason: str | None) -> None:
    (event,) = admit(AdmitArticles(HORIZON), [NEWS | change]).events
    if reason is None:
        assert isinstance(event.body, RawArticle)
    else:
        assert isinstance(event.body, DeadLetter)
        assert event.body.reason == reason
        assert len(event.body.payload) <= 65_536


@pytest.mark.parametrize(
    ("change", "read"),
    [
        ({"title": "", "content": "Ports\n are  full. " * 20},
         {"title": " ".join(("Ports\n are  full. " * 20)[:200].split())}),
        ({"title": None, "content": "Ports are full"},
         {"title": "Ports are full", "content": "Ports are full"}),
        ({"title": "a\x00b"}, {"title": "a\ufffdb"}),
        ({"title": "half \ud800 pair"}, {"title": "half \ufffd pair"}),
        ({"content": "a\udfff"}, {"content": "a\ufffd"}),
        ({"content": None}, {"content": ""}),
        ({"tickers": ["no good", "KO", 7, None, "PEP\n"]}, {"symbols": ("KO",)}),
        ({"tickers": 7}, {"symbols": ()}),
    ],
)  # fmt: skip
def test_one_bad_value_costs_that_value(change: dict[str, Any], read: dict[str, Any]) -> None:
    (event,) = admit(AdmitArticles(HORIZON), [NEWS | change]).events
    assert isinstance(event.body, RawArticle)
    assert {name: getattr(event.body, name) for name in read} == read


def test_what_is_no_object_is_malformed() -> None:
    (event,) = admit(AdmitArticles(HORIZON), [None]).events
    assert isinstance(event.body, DeadLetter)


def test_duplicates_and_revisions_of_an_article() -> None:
    rows: list[dict[str, Any] | None] = [NEWS, NEWS, NEWS | {"title": "Title, corrected"}]
    first, second, third = (e.body for e in admit(AdmitArticles(HORIZON), rows).events)
    assert isinstance(first, RawArticle)
    assert isinstance(second, DeadLetter)
    assert isinstance(third, RawArticle)
    assert second.reason == "DUPLICATE"
    assert (first.id, first.revision, third.revision) == (third.id, 0, 1)


def admitted(*rows: dict[str, Any], live: bool = False) -> list[RawArticle]:
    found = admit(AdmitArticles(HORIZON, live=live), [NEWS | row for row in rows]).events
    return [e.body for e in found if isinstance(e.body, RawArticle)]


def test_items_that_share_a_link_but_not_a_guid_are_articles_of_their_own() -> None:
    halts = [{"guid": g, "title": t} for g, t in (("a", "Won"), ("b", "Lost"), ("c", "Lost"))]
    first, second, third, again = admitted(*halts, halts[1] | {"content": "CORRECTED"})
    assert len({first.id, second.id, third.id}) == 3
    assert (again.id, again.revision) == (second.id, 1)
    # The story's name in another feed is its link's; a feed of the same items shares the others.
    elsewhere = [h | {"source": "other", "content": "x"} for h in (*halts, {"title": "Won"})]
    known = admitted(*halts, *elsewhere)
    assert [a.id for a in known] == [a.id for a in (first, second, third, first, second, third)], (
        "the last is the first again, word for word"
    )


def test_items_without_a_link_are_named_by_their_guids() -> None:
    rows = [{"url": "", "title": "AAA", "guid": g} for g in ("7", "8", "")]
    assert len({a.id for a in admitted(*rows)}) == 3


def test_one_story_under_several_addresses_is_one_article() -> None:
    urls = [
        f"http{s}://example.test/1{more}" for s in ("", "s") for more in ("", "?mod=rss", "#top")
    ]
    [article] = admitted(*({"url": url, "guid": url} for url in urls))
    assert article.revision == 0


@pytest.mark.parametrize("live", [False, True])
def test_a_changed_text_or_version_under_the_same_title_is_a_revision(live: bool) -> None:
    rows = [{"content": "up"}, {"content": "CORRECTED: down"}, {"content": "up"}, {"version": "2"}]
    found = admitted(*rows, live=live)
    assert [(a.revision, a.content) for a in found] == [(0, "up"), (1, "CORRECTED: down"), (2, "")]
    assert len({a.id for a in found}) == 1


def test_live_repeats_are_counted() -> None:
    repeats: list[str] = []
    admit(AdmitArticles(0, live=True, repeated=repeats.append), [NEWS, NEWS, NEWS | {"title": "2"}])
    assert repeats == ["s"]


def test_a_late_row_is_clamped_never_sorted_back() -> None:
    rows: list[dict[str, Any] | None] = [
        ROW, ROW | {"timestamp": START - timedelta(hours=1), "ticker": "MSFT"}, ROW | {"close": -1},
    ]  # fmt: skip
    block = admit(AdmitBars(HORIZON, "1m", "test"), rows)
    assert {e.stamp for e in block.events} == {to_micros(START) + 60_000_000}
    assert block.frontier % HOUR_US == 0
    assert block.frontier > block.events[-1].stamp
