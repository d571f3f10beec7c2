"""Settings of the feeds: lists from the environment, names, bounds."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from connectors.feed.feeds import feed_names, feeds_of, fetcher_of, named
from connectors.feed.params import DEFAULT_FEEDS, NewsParams
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


def test_secrets_do_not_show() -> None:
    params = read({"alpaca_secret": "hush", "reddit_secret": "psst"})
    assert "hush" not in repr(params)
    assert "psst" not in repr(params)


def test_the_feeds_that_come_with_the_program_have_names_of_their_own() -> None:
    found = named(DEFAULT_FEEDS)
    assert len(found) == len(DEFAULT_FEEDS)
    assert all(source.url.startswith("https://") for source in found.values())
    assert feed_names(NewsParams()) == list(found)


@pytest.mark.parametrize(
    ("feed", "name", "url", "interval"),
    [
        ("https://x.test/1", "x.test", "https://x.test/1", 0),
        ("https://x.test/?a=b", "x.test", "https://x.test/?a=b", 0),
        ("a=https://x.test/?b=c|2.5", "a", "https://x.test/?b=c", 2.5),
        ("a=https://x.test/|pipe", "a", "https://x.test/|pipe", 0),
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
