"""Articles: how they are named, and when two are one."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.addresses import canonical_url
from messages.codec import Unreadable, validate
from messages.news import (
    MAX_CONTENT,
    MAX_TITLE,
    RawArticle,
    ScoredArticle,
    article_id,
    content_hash,
)
from tests.streams import scored

AT = datetime(2025, 3, 12, 13, 30, tzinfo=UTC)


def article(**changes: Any) -> dict[str, Any]:
    url, title = changes.get("url", "https://x.test/1"), changes.get("title", "Title")
    return {
        "id": article_id("s", url, title), "event_time": AT, "source": "s", "url": url,
        "title": title, "published_at": AT, "fetched_at": AT,
        "content_hash": content_hash(url, title), **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://x.test/a", "HTTPS://X.test/a/", True),
        ("https://x.test/a?b=1&utm_source=z", "https://x.test/a?b=1", True),
        ("https://x.test/a?fbclid=1&gclid=2", "https://x.test/a#top", True),
        ("  https://x.test/a ", "https://x.test/a", True),
        ("https://x.test/", "https://x.test", True),
        ("https://x.test/A", "https://x.test/a", False),
        ("https://x.test/a?b=1", "https://x.test/a?b=2", False),
        ("https://x.test/a?b=", "https://x.test/a", False),
        ("http://x.test/a", "https://x.test/a", True),
        ("http://x.test:80/a", "https://x.test:443/a", True),
        ("https://x.test:8443/a", "https://x.test/a", False),
        ("https://x.test/s?mod=home", "https://x.test/s?mod=rss_2", True),
        ("https://x.test/s?model=1", "https://x.test/s?model=2", False),
        ("https://x.test/n.html?.tsrc=rss&guccounter=1", "https://x.test/n.html", True),
        ("https://x.test/n?__source=feed&GCLID=1", "https://x.test/n", True),
        ("https://x.test/n?at_medium=RSS&ncid=feed&msclkid=9", "https://x.test/n", True),
        ("https://x.test/n?x=1&y=2", "https://x.test/n?y=2&x=1", True),
        ("https://x.test/n?x=1&x=2", "https://x.test/n?x=2&x=1", False),
        ("https://x.test/n/amp/", "https://x.test/n", True),
        ("https://amp.x.test/amp/n.amp.html?outputType=amp", "https://x.test/n.html", True),
        ("https://x.test/amplifier", "https://x.test/lifier", False),
        ("https://www-x-test.cdn.ampproject.org/c/s/x.test/n", "https://x.test/n", True),
        ("https://www.google.com/amp/s/x.test/n", "http://x.test/n", True),
        ("https://x.test/n#comments", "https://x.test/n#xtor=RSS-5", True),
        ("https://x.test/n#comment-17", "https://x.test/n", True),
        ("https://x.test/live#post-17", "https://x.test/live#post-18", False),
        ("https://x.test/#/story/a", "https://x.test/#/story/b", False),
        ("https://x.test/#!a", "https://x.test/#!b", False),
    ],
)
def test_addresses_of_one_article(one: str, other: str, same: bool) -> None:
    assert (canonical_url(one) == canonical_url(other)) is same
    assert (article_id("s", one, "t") == article_id("other", other, "u")) is same


@given(st.text(max_size=60))
def test_a_canonical_address_is_its_own(url: str) -> None:
    once = canonical_url(f"https://x.test/{url}")
    assert canonical_url(once) == once


def test_a_guid_names_what_shares_an_address_or_has_none() -> None:
    shared = [article_id("s", "https://x.test/a", "t", guid) for guid in ("", "1", "2")]
    bare = [article_id("s", "", title, guid) for title in "tu" for guid in "12"]
    assert len({*shared, *bare}) == 5
    assert bare[:2] == bare[2:]


def test_without_an_address_source_and_title_name_it() -> None:
    assert article_id("s", "", "t") == article_id("s", "", "t")
    names = {article_id("s", "", "t"), article_id("s", "", "u"), article_id("r", "", "t")}
    assert len(names) == 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"content": "x" * MAX_CONTENT}, None),
        ({"content": "x" * (MAX_CONTENT + 1)}, "MALFORMED"),
        ({"title": "x" * (MAX_TITLE + 1)}, "MALFORMED"),
        ({"source": ""}, "MALFORMED"),
        ({"symbols": ("AAPL", "no good")}, "MALFORMED"),
        ({"content_hash": "0" * 64}, "WRONG_HASH"),
        ({"content_hash": "0"}, "MALFORMED"),
        ({"revision": -1}, "MALFORMED"),
        ({"fetched_at": AT.replace(tzinfo=None)}, "NAIVE_TIME"),
    ],
)
def test_what_an_article_must_be(changes: dict[str, Any], reason: str | None) -> None:
    if reason is None:
        assert validate(RawArticle, article(**changes)).title == "Title"
        return
    with pytest.raises(Unreadable) as refusal:
        validate(RawArticle, article(**changes))
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("ticker", "_market", "_Market"),
        ("ticker", "BRK.B", "brk.b"),
        ("sentiment_score", -1, -1.01),
        ("confidence", 1, 1.01),
        ("published_at", AT, AT.replace(tzinfo=None)),
    ],
)
def test_what_a_score_must_be(field: str, good: Any, bad: Any) -> None:
    body = scored(1, "AAA", 0.5).body
    values = {f: getattr(body, f) for f in body.__struct_fields__}
    assert getattr(validate(ScoredArticle, {**values, field: good}), field) == good
    with pytest.raises(Unreadable):
        validate(ScoredArticle, {**values, field: bad})
