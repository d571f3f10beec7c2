"""Settings of the feeds: lists from the environment, names, bounds."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from connectors.feed.feeds import feed_names, feeds_of, fetcher_of, named
from connectors.feed.params import DEFAULT_FEEDS, NewsParams
from connectors.feed.remedies import KNOWN, remedy
from connectors.feed.rss import RssFeed

read = TypeAdapter(NewsParams).validate_python


@pytest.mark.parametrize(
    ("given", "feeds"),
    [
        ("", ()),
        (" , ,", ()),
        ("a=https://x.test/1", ("a=https://x.test/1",)),
        (
            " https://x.test/1 , b=https://x.test/2|30 ",
            ("https://x.test/1", "b=https://x.test/2|30"),
        ),
        (["https://x.test/a,b"], ("https://x.test/a,b",)),
        (
            "q=https://x.test/h?s=KO,PEP,MNST&lang=en|60,b=https://x.test/2",
            ("q=https://x.test/h?s=KO,PEP,MNST&lang=en|60", "b=https://x.test/2"),
        ),
        ("https://x.test/h?s=KO,PEP", ("https://x.test/h?s=KO,PEP",)),
    ],
)
def test_a_list_as_an_environment_variable_has_it(given: Any, feeds: tuple[str, ...]) -> None:
    assert read({"feeds": given}).feeds == feeds


@pytest.mark.parametrize(
    "bad",
    [
        {"interval_seconds": 0}, {"interval_seconds": 86_401}, {"timeout_seconds": -1},
        {"max_bytes": 999}, {"reddit_score": -1}, {"feeds": 7}, {"reddit_interval_seconds": "x"},
    ],
)  # fmt: skip
def test_bounds(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(bad)


@pytest.mark.parametrize(
    "given", ["https://x.test/a,b", "https://x.test/?q=1, b", "x", "b,a=https://x"]
)
def test_a_part_without_an_address_is_refused_with_what_to_do(given: str) -> None:
    with pytest.raises(ValidationError, match=r"has no address: write NAME=.* and %2C for a comma"):
        read({"feeds": given})


def test_a_refusal_shows_nothing_secret() -> None:
    with pytest.raises(ValidationError) as refused:
        read({"feeds": ("ftp://ann:hunter2@x.test/a?key=k9k9", "https://x.test")})
    said = refused.value.errors()[0]["msg"]
    assert "//...@x.test/a?..." in said
    assert not any(secret in said for secret in ("ann", "hunter2", "k9k9"))


@pytest.mark.parametrize(
    "bad",
    [
        {"alpaca_rest": "http://data.example.com"}, {"alpaca_rest": "https://me:pw@x.test"},
        {"alpaca_rest": "https://api.alpaca.markets"}, {"alpaca_rest": "ws://127.0.0.1:1"},
        {"alpaca_stream": "ws://stream.example.com"}, {"alpaca_stream": "https://127.0.0.1:1"},
        {"alpaca_stream": "wss://other.alpaca.markets"},
    ],
)  # fmt: skip
def test_alpacas_addresses_are_checked_as_the_brokers_are(bad: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        read(bad)
    good = {
        "alpaca_rest": "http://127.0.0.1:8",
        "alpaca_stream": "wss://stream.data.alpaca.markets",
    }
    assert read(good).alpaca_rest == "http://127.0.0.1:8"


def test_secrets_do_not_show() -> None:
    params = read({"alpaca_secret": "hush", "reddit_secret": "psst"})
    assert "hush" not in repr(params)
    assert "psst" not in repr(params)


def test_the_feeds_that_come_with_the_program_have_names_of_their_own() -> None:
    found = named(DEFAULT_FEEDS)
    assert len(found) == len(DEFAULT_FEEDS)
    assert all(source.url.startswith("https://") for source in found.values())
    assert feed_names(NewsParams()) == list(found)
    assert set(KNOWN) == set(found), "each has a note of when it was last known to answer"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("HTTP_403", "USER_AGENT"), ("HTTP_404", "moved"), ("HTTP_503", "publisher's"),
        ("HTTP_429", "less often"), ("NOVEL", ""),
    ],
)  # fmt: skip
def test_what_likely_helps(reason: str, words: str) -> None:
    assert words in remedy(reason)
    assert bool(remedy(reason)) == bool(words)


@pytest.mark.parametrize(
    ("feed", "name", "url", "interval"),
    [
        ("https://x.test/1", "x.test", "https://x.test/1", 0),
        ("https://x.test/?a=b", "x.test", "https://x.test/?a=b", 0),
        ("a=https://x.test/?b=c|2.5", "a", "https://x.test/?b=c", 2.5),
        ("a=https://x.test/|pipe", "a", "https://x.test/|pipe", 0),
        ("https://ann:hunter2@X.test:8443/1", "x.test", "https://ann:hunter2@X.test:8443/1", 0),
        ("http://[::1]:8000/1", "::1", "http://[::1]:8000/1", 0),
        ("http://[broken/1", "feed", "http://[broken/1", 0),
    ],
)
def test_a_feed_by_its_setting(feed: str, name: str, url: str, interval: float) -> None:
    [(found, source)] = named((feed,)).items()
    assert (found, source.url, source.interval_s) == (name, url, interval)


def test_a_feeds_own_interval_wins() -> None:
    params = NewsParams(feeds=("a=http://x/1|5", "b=http://x/2"), interval_seconds=60)
    made = list(feeds_of(params))
    assert all(isinstance(f, RssFeed) for f in made)
    assert [(f.name, f.interval_s) for f in made] == [("a", 5), ("b", 60)]
    fetcher_of(params).close()
